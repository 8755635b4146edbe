package folio.trainer.run;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.trainer.corpus.Corpus;
import folio.trainer.evaluation.Evaluator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Decides which networks of a run are published: its improvements, or only the last one. What an
 * improvement is, the held-out end of the training text decides, or where nothing is held out the
 * validation text. Otherwise the validation text is read only for what is published.
 */
final class CheckpointSelector {
  /** What decides which of two networks is better. */
  static final String PROTOCOL = Evaluator.WINDOWS;

  /** Stands before the protocol where the text is the held-out end of the training text. */
  private static final String HELD_OUT = "held-out-";

  private final Evaluator heldOut;
  private final Evaluator validation;
  private final PublishPolicy publish;

  /** A judge; scratch arrays are made below the manager. */
  CheckpointSelector(NDManager manager, Corpus.Split text, PublishPolicy publish) {
    this.heldOut = text.heldOut().length == 0 ? null : new Evaluator(manager, text.heldOut());
    this.validation = new Evaluator(manager, text.validation());
    this.publish = publish;
  }

  /**
   * What is said of a network.
   *
   * @param publish whether it is to be published
   * @param loss what it is judged by, in nats; null if nothing was measured
   * @param losses by protocol
   */
  record Decision(boolean publish, Double loss, Map<String, Double> losses) {}

  /**
   * Judges a network.
   *
   * @param bestLoss of those judged before
   * @param last whether none will follow
   */
  Decision judge(CharGru network, double bestLoss, boolean last) {
    Map<String, Double> losses = new LinkedHashMap<>();
    String deciding = PROTOCOL;
    if (heldOut != null) {
      heldOut.evaluate(network).forEach((protocol, loss) -> losses.put(HELD_OUT + protocol, loss));
      deciding = HELD_OUT + PROTOCOL;
    } else if (publish == PublishPolicy.IMPROVEMENTS || last) {
      losses.putAll(validation.evaluate(network));
    }
    Double loss = losses.get(deciding);
    boolean publishes = publish == PublishPolicy.LAST ? last : loss < bestLoss;
    if (publishes && heldOut != null) {
      losses.putAll(validation.evaluate(network));
    }
    return new Decision(publishes, loss, losses);
  }
}
