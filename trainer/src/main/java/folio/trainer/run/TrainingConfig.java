package folio.trainer.run;

import folio.model.network.CharGruConfig;
import folio.trainer.corpus.Division;
import folio.trainer.evaluation.Evaluator;
import folio.trainer.training.AdamW;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.LearningRateSchedule;
import folio.trainer.training.Precision;
import java.util.Map;

/**
 * All hyperparameters of a run, already checked.
 *
 * @param network the architecture; its vocabulary size is a placeholder until the corpus is read
 * @param dropout the rates of every kind of dropout
 * @param logitScale the factor of the logits in the training loss
 * @param batches the choice of each step's text
 * @param optimizer the settings of the update rule
 * @param schedule the learning rate and the number of steps
 * @param clipNorm the largest global gradient norm; 0 means that nothing is clipped
 * @param averageDecay the decay of the moving average of the weights; 0 means no average
 * @param intervals the number of steps between evaluations, saved states and samples
 * @param precision the data type of large products
 * @param seed the number that decides every random draw
 * @param division how the text is divided
 * @param publish which networks become checkpoints
 * @param calibrate whether the logits of the network that is selected at the end are divided by the
 *     temperature of the lowest loss
 * @param patience the number of evaluations without an improvement after which the run ends; 0
 *     means that it does not end early
 * @param settings all of the above by option name, for the manifest and for resuming
 */
public record TrainingConfig(
    CharGruConfig network,
    DropoutRates dropout,
    double logitScale,
    BatchSelection batches,
    AdamW.Settings optimizer,
    LearningRateSchedule schedule,
    double clipNorm,
    double averageDecay,
    Intervals intervals,
    Precision precision,
    long seed,
    Division division,
    PublishPolicy publish,
    boolean calibrate,
    int patience,
    Map<String, String> settings) {

  /** The part of a run's time that evaluations take. */
  private static final double EVALUATION_SHARE = 0.05;

  /** The part of a run's time that the evaluation at its end may take. */
  private static final double FINAL_SHARE = 0.2;

  /** The evaluation at the end of a short run may take this long. */
  private static final double MIN_FINAL_SECONDS = 60;

  /** A training step computes a forward pass, and a backward pass that takes twice as long. */
  private static final int FORWARD_PER_TRAINED = 3;

  /** Fewer windows would make the loss of a sample too inaccurate. */
  private static final int MIN_WINDOWS = 64;

  private static final int MAX_WINDOWS = 1 << 20;

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

  /** Returns the number of characters that a step trains on. */
  long charactersPerStep() {
    return (long) batches.batchSize() * batches.sequenceLength();
  }

  /**
   * Returns the largest number of windows that an evaluation reads: as many as take {@value
   * #EVALUATION_SHARE} of the training time between two evaluations.
   */
  int windowsPerEvaluation() {
    double characters =
        EVALUATION_SHARE * FORWARD_PER_TRAINED * charactersPerStep() * intervals.evaluate();
    return (int)
        Math.min(MAX_WINDOWS, Math.max(MIN_WINDOWS, Math.round(characters / Evaluator.WINDOW)));
  }

  /** Returns the largest number of seconds that the evaluation at the end of the run may take. */
  double longestFinalEvaluation(double secondsPerStep) {
    return Math.max(MIN_FINAL_SECONDS, FINAL_SHARE * schedule.totalSteps() * secondsPerStep);
  }

  /** Returns the architecture for a vocabulary of the given size. */
  CharGruConfig networkFor(int vocabularySize) {
    return network.withVocabularySize(vocabularySize);
  }
}
