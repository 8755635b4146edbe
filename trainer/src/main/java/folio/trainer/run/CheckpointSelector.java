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
 *
 * <p>Of a long text, the selection loss is that of a sample, which is the same every time. The loss
 * of the whole validation part is then measured only at the end of the run, for the network that is
 * published last.
 */
final class CheckpointSelector {
  /** The prefix of a protocol's name when it is applied to the held-out text. */
  private static final String HELD_OUT = "held-out-";

  /** The number of windows whose time is measured. */
  private static final int TIMED_WINDOWS = 64;

  private static final double NANOS = 1e9;

  private final Evaluator heldOut;
  private final Evaluator validation;
  private final PublishPolicy policy;
  private final int sampleWindows;

  /**
   * Creates a selector.
   *
   * @param manager the parent of scratch arrays
   * @param text the parts of the corpus; an empty held-out part means that the validation text
   *     decides
   * @param maxWindows the largest number of windows that an evaluation reads
   */
  CheckpointSelector(NDManager manager, Corpus.Split text, PublishPolicy policy, int maxWindows) {
    this.heldOut = text.heldOut().isEmpty() ? null : new Evaluator(manager, text.heldOut());
    this.validation = new Evaluator(manager, text.validation());
    this.policy = policy;
    // Both protocols read the whole text.
    long windows = selecting().windows();
    this.sampleWindows = 2 * windows <= maxWindows ? 0 : maxWindows;
  }

  private Evaluator selecting() {
    return heldOut == null ? validation : heldOut;
  }

  /** Returns whether the selection loss is that of a sample. */
  boolean samples() {
    return sampleWindows > 0;
  }

  /** Returns the name of the protocol of the selection loss. */
  String protocol() {
    String protocol =
        samples() ? selecting().sampleProtocol(sampleWindows) : selecting().protocol();
    return heldOut == null ? protocol : HELD_OUT + protocol;
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
    if (heldOut != null) {
      measure(heldOut, network).forEach((protocol, loss) -> losses.put(HELD_OUT + protocol, loss));
    } else if (policy == PublishPolicy.IMPROVEMENTS || last) {
      losses.putAll(measure(validation, network));
    }
    Double loss = losses.get(protocol());
    boolean publish = policy == PublishPolicy.LAST ? last : loss < bestLoss;
    if (publish && heldOut != null && !samples()) {
      losses.putAll(validation.evaluate(network));
    }
    return new Decision(publish, loss, losses);
  }

  private Map<String, Double> measure(Evaluator text, CharGru network) {
    return samples()
        ? Map.of(text.sampleProtocol(sampleWindows), text.sample(network, sampleWindows))
        : text.evaluate(network);
  }

  /**
   * Returns about how many seconds a protocol takes to read a character, by a short measurement.
   */
  double secondsPerCharacter(CharGru network) {
    int windows = (int) Math.min(TIMED_WINDOWS, validation.windows());
    if (windows == 0) {
      return 0;
    }
    long begin = System.nanoTime();
    validation.sample(network, windows);
    return (System.nanoTime() - begin) / NANOS / ((double) windows * Evaluator.WINDOW);
  }

  /** Returns the name of the protocol that reads the whole validation part. */
  String wholeProtocol() {
    return validation.protocol();
  }
}
