package folio.model.checkpoint;

import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;
import java.util.Map;

/**
 * The content of a checkpoint that is about to be published. The caller keeps the network and
 * closes it.
 *
 * @param network the weights
 * @param vocabulary the characters; their number equals the network's vocabulary size
 * @param precision the type of the stored weights
 * @param canaryText the text of the canary: at least two characters of the vocabulary, of which the
 *     first 256 are used
 * @param origin the part of the manifest that says how the weights were made
 */
public record CheckpointDraft(
    CharGru network, Vocabulary vocabulary, Precision precision, String canaryText, Origin origin) {

  /** Returns a canary's text where there is no better one: every character, twice. */
  public static String canaryTextOf(Vocabulary vocabulary) {
    return String.join("", vocabulary.characters()).repeat(2);
  }

  /** The type of the stored weights. */
  public enum Precision {
    /** Four bytes a value. */
    FLOAT32,
    /** Two bytes a value. */
    FLOAT16
  }

  /**
   * The history of a checkpoint: the fields of {@link CheckpointManifest} with the same names.
   *
   * @param parent the version that the checkpoint continues, or null
   * @param run the id of the training run, or null
   * @param step the number of optimizer steps
   * @param corpus the training text, or null
   * @param losses the measured losses, or null
   * @param settings the training settings by name
   * @param documentSeparator the text that ended each document of the training text, or null
   */
  public record Origin(
      String parent,
      String run,
      long step,
      CheckpointManifest.Corpus corpus,
      CheckpointManifest.Losses losses,
      Map<String, String> settings,
      String documentSeparator) {}
}
