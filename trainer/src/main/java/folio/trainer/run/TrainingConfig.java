package folio.trainer.run;

import folio.model.network.CharGruConfig;
import folio.trainer.training.AdamW;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.LearningRateSchedule;
import java.util.Map;

/**
 * All hyperparameters of a run, already checked.
 *
 * @param network the architecture; its vocabulary size is a placeholder until the corpus is read
 * @param dropout the rates of every kind of dropout
 * @param batches the choice of each step's text
 * @param optimizer the settings of the update rule
 * @param schedule the learning rate and the number of steps
 * @param clipNorm the largest global gradient norm; 0 means that nothing is clipped
 * @param averageDecay the decay of the moving average of the weights; 0 means no average
 * @param intervals the number of steps between evaluations, saved states and samples
 * @param seed the number that decides every random draw
 * @param fraction the fraction of the training text that is used
 * @param holdout the fraction at the end of the training text that is held out
 * @param publish which networks become checkpoints
 * @param settings all of the above by option name, for the manifest and for resuming
 */
public record TrainingConfig(
    CharGruConfig network,
    DropoutRates dropout,
    BatchSelection batches,
    AdamW.Settings optimizer,
    LearningRateSchedule schedule,
    double clipNorm,
    double averageDecay,
    Intervals intervals,
    long seed,
    double fraction,
    double holdout,
    PublishPolicy publish,
    Map<String, String> settings) {

  /** The way in which text is cut into sequences. */
  public enum BatchSelectionKind {
    /** Substrings from random positions; each starts from a zero state. */
    RANDOM,
    /** Parallel streams that read the text in order and carry their state from step to step. */
    STREAMS
  }

  /**
   * The choice of each step's text.
   *
   * @param kind the way in which text is cut into sequences
   * @param batchSize B, the number of sequences in a batch
   * @param sequenceLength T, the number of characters in a sequence
   * @param resetProbability the probability that a stream starts a step from a zero state
   */
  public record BatchSelection(
      BatchSelectionKind kind, int batchSize, int sequenceLength, double resetProbability) {}

  /**
   * The number of steps between recurring actions.
   *
   * @param evaluate between evaluations, each of which may publish a checkpoint
   * @param save between saves of the state that the run resumes from
   * @param view between prints of predictions and a sample
   */
  public record Intervals(long evaluate, long save, long view) {}

  /** Returns the architecture for a vocabulary of the given size. */
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
