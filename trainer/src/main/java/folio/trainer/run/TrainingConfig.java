package folio.trainer.run;

import folio.model.network.CharGruConfig;
import folio.trainer.training.AdamW;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.LearningRateSchedule;
import java.util.Map;

/**
 * All hyperparameters of a run, checked.
 *
 * @param network the architecture; its vocabulary size is a placeholder until the corpus is read
 * @param dropout what is dropped
 * @param sampling which text a step sees
 * @param optimizer the update rule
 * @param schedule the learning rate, and how many steps the run has
 * @param clipNorm largest global gradient norm, 0 for any
 * @param averageDecay of the weight average, 0 for none
 * @param pace how often what happens
 * @param seed decides every draw
 * @param fraction of the training part that is trained on
 * @param holdout part of the training text's end that is held out
 * @param publish which networks become checkpoints
 * @param settings all of the above by option name, for the manifest and for resuming
 */
public record TrainingConfig(
    CharGruConfig network,
    DropoutRates dropout,
    Sampling sampling,
    AdamW.Settings optimizer,
    LearningRateSchedule schedule,
    double clipNorm,
    double averageDecay,
    Intervals pace,
    long seed,
    double fraction,
    double holdout,
    PublishPolicy publish,
    Map<String, String> settings) {

  /** How text is cut into sequences. */
  public enum SamplingKind {
    /** Substrings from anywhere, each from a zero state. */
    RANDOM,
    /** Parallel streams that carry their state. */
    STREAMS
  }

  /**
   * Which text a step sees.
   *
   * @param rows B
   * @param length T
   * @param resetProbability that a stream forgets its state, a step
   */
  public record Sampling(SamplingKind kind, int rows, int length, double resetProbability) {}

  /**
   * How often what happens, in steps.
   *
   * @param evaluate measure, publish what is better
   * @param save keep the state that the run resumes from
   * @param view show target against prediction, and a sample; 0 for never
   */
  public record Intervals(long evaluate, long save, long view) {}

  /** The architecture for a vocabulary. */
  CharGruConfig networkFor(int vocabularySize) {
    return new CharGruConfig(
        network.network(),
        vocabularySize,
        network.embeddingSize(),
        network.hiddenSize(),
        network.layers(),
        network.embeddingActivation(),
        network.headActivation(),
        network.projectionSize(),
        network.tied());
  }
}
