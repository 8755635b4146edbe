package folio.trainer;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.trainer.corpus.Corpus;
import folio.trainer.learning.Evaluator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Decides which networks of a run are published. The held-out end of the training text chooses; the
 * validation text is only read for what is published, and chooses nothing. Where nothing is held
 * out, nothing is chosen: the last network is published.
 */
final class Judge {
  /** What decides which of two networks is better. */
  static final String PROTOCOL = Evaluator.WINDOWS;

  /** Stands before the protocol where the text is the held-out end of the training text. */
  private static final String HELD_OUT = "held-out-";

  private final Evaluator heldOut;
  private final Evaluator validation;

  /** A judge; scratch arrays are made below the manager. */
  Judge(NDManager manager, Corpus.Split text) {
    this.heldOut = text.heldOut().length == 0 ? null : new Evaluator(manager, text.heldOut());
    this.validation = new Evaluator(manager, text.validation());
  }

  /**
   * What is said of a network.
   *
   * @param publish whether it is to be published
   * @param loss what it is judged by, in nats; 0 if it was not measured
   * @param losses by protocol; of the validation text only if it is published
   */
  record Verdict(boolean publish, double loss, Map<String, Double> losses) {}

  /**
   * Judges a network.
   *
   * @param bestLoss of those judged before
   * @param last whether none will follow
   */
  Verdict judge(CharGru network, double bestLoss, boolean last) {
    Map<String, Double> losses = new LinkedHashMap<>();
    if (heldOut == null) {
      if (last) {
        losses.putAll(validation.evaluate(network));
      }
      return new Verdict(last, last ? losses.get(PROTOCOL) : 0, losses);
    }
    heldOut.evaluate(network).forEach((protocol, loss) -> losses.put(HELD_OUT + protocol, loss));
    double loss = losses.get(HELD_OUT + PROTOCOL);
    if (loss < bestLoss) {
      losses.putAll(validation.evaluate(network));
    }
    return new Verdict(loss < bestLoss, loss, losses);
  }
}
