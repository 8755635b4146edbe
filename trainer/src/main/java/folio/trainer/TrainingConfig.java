package folio.trainer;

import folio.model.network.CharGruConfig;
import folio.trainer.learning.AdamW;
import folio.trainer.learning.DropoutRates;
import folio.trainer.learning.LearningRateSchedule;
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
record TrainingConfig(
    CharGruConfig network,
    DropoutRates dropout,
    Sampling sampling,
    AdamW.Settings optimizer,
    LearningRateSchedule schedule,
    double clipNorm,
    double averageDecay,
    Pace pace,
    long seed,
    double fraction,
    double holdout,
    Publish publish,
    Map<String, String> settings) {

  /** How text is cut into sequences. */
  enum SamplingKind {
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
  record Sampling(SamplingKind kind, int rows, int length, double resetProbability) {}

  /**
   * How often what happens, in steps.
   *
   * @param evaluate measure, publish what is better
   * @param save keep the state that the run resumes from
   * @param view show target against prediction, and a sample; 0 for never
   */
  record Pace(long evaluate, long save, long view) {}

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
