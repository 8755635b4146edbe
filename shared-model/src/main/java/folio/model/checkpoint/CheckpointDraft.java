package folio.model.checkpoint;

import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;
import java.util.Map;

/**
 * A checkpoint about to be published. The network stays the caller's.
 *
 * @param network the weights
 * @param vocabulary the characters, as many as the network's vocabulary size
 * @param precision how the weights are stored
 * @param canaryText at least two characters of the vocabulary; its first 256 are used
 * @param origin what the manifest tells of how it was made
 */
public record CheckpointDraft(
    CharGru network, Vocabulary vocabulary, Precision precision, String canaryText, Origin origin) {

  /** How the weights are stored. */
  public enum Precision {
    /** Four bytes a value. */
    FLOAT32,
    /** Two bytes a value. */
    FLOAT16
  }

  /**
   * How a checkpoint was made: the fields of {@link CheckpointManifest} with the same names.
   *
   * @param parent the version that it was made from, or null
   * @param run the training run, or null
   * @param step optimizer steps taken
   * @param corpus what it was trained on, or null
   * @param losses what was measured, or null
   * @param settings the training settings by name
   */
  public record Origin(
      String parent,
      String run,
      long step,
      CheckpointManifest.Corpus corpus,
      CheckpointManifest.Losses losses,
      Map<String, String> settings) {}
}
