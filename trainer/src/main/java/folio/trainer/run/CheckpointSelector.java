package folio.trainer.run;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.trainer.corpus.Corpus;
import folio.trainer.evaluation.Evaluator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Decides which networks of a run are published. Under {@link PublishPolicy#IMPROVEMENTS} a network
 * is published when its loss is the lowest so far, under {@link PublishPolicy#LAST} when no network
 * follows. The selection loss is measured on the held-out end of the training text or, when nothing
 * is held out, on the validation text. With a held-out part, the validation text is read only for
 * networks that are published, so that it never influences the choice.
 */
final class CheckpointSelector {
  /** The evaluation protocol of the selection loss, see {@link Evaluator}. */
  static final String PROTOCOL = Evaluator.WINDOWS;

  /** The prefix of a protocol's name when it is applied to the held-out text. */
  private static final String HELD_OUT = "held-out-";

  private final Evaluator heldOut;
  private final Evaluator validation;
  private final PublishPolicy policy;

  /**
   * Creates a selector.
   *
   * @param manager the parent of scratch arrays
   * @param text the parts of the corpus; an empty held-out part means that the validation text
   *     decides
   */
  CheckpointSelector(NDManager manager, Corpus.Split text, PublishPolicy policy) {
    this.heldOut = text.heldOut().length == 0 ? null : new Evaluator(manager, text.heldOut());
    this.validation = new Evaluator(manager, text.validation());
    this.policy = policy;
  }

  /**
   * The decision about one network.
   *
   * @param publish whether the network is to be published
   * @param loss the selection loss in nats; null if nothing was measured
   * @param losses all measured losses in nats, by protocol
   */
  record Decision(boolean publish, Double loss, Map<String, Double> losses) {}

  /**
   * Measures a network and decides whether to publish it.
   *
   * @param bestLoss the lowest selection loss of the networks before, in nats
   * @param last whether this is the last network of the run
   */
  Decision select(CharGru network, double bestLoss, boolean last) {
    Map<String, Double> losses = new LinkedHashMap<>();
    String selection = PROTOCOL;
    if (heldOut != null) {
      heldOut.evaluate(network).forEach((protocol, loss) -> losses.put(HELD_OUT + protocol, loss));
      selection = HELD_OUT + PROTOCOL;
    } else if (policy == PublishPolicy.IMPROVEMENTS || last) {
      losses.putAll(validation.evaluate(network));
    }
    Double loss = losses.get(selection);
    boolean publish = policy == PublishPolicy.LAST ? last : loss < bestLoss;
    if (publish && heldOut != null) {
      losses.putAll(validation.evaluate(network));
    }
    return new Decision(publish, loss, losses);
  }
}
