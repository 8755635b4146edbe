package folio.model.checkpoint;

import java.util.Map;

/**
 * What is known about a checkpoint: {@code manifest.json}.
 *
 * @param format version of this format, {@value #FORMAT}
 * @param version the checkpoint's name
 * @param parent the version that it was made from, or null
 * @param run identifies the training run that made it, or null
 * @param step optimizer steps taken, 0 if it was not trained here
 * @param corpus what it was trained on, or null if that is unknown
 * @param losses what was measured, or null if nothing was
 * @param settings the training settings by name, as text
 * @param files size and digest of every other file of the checkpoint
 * @param canary what a loader computes to see that it computes the same
 */
public record CheckpointManifest(
    int format,
    String version,
    String parent,
    String run,
    long step,
    Corpus corpus,
    Losses losses,
    Map<String, String> settings,
    Map<String, FileEntry> files,
    Canary canary) {

  /** The format that this code writes and reads. */
  public static final int FORMAT = 1;

  /**
   * The text that was trained on.
   *
   * @param name as the user gave it
   * @param sha256 digest of its UTF-8 bytes, lower-case hex
   * @param characters its length in code points
   */
  public record Corpus(String name, String sha256, long characters) {}

  /**
   * Mean losses in nats a character.
   *
   * @param training over the characters trained on since the evaluation before, dropout included;
   *     null if unknown
   * @param validation by protocol, over the validation part of the corpus
   */
  public record Losses(Double training, Map<String, Double> validation) {
    /** Replaces an absent map by an empty one. */
    public Losses {
      validation = validation == null ? Map.of() : validation;
    }

    /** The validation loss on a protocol, or null if it was not measured. */
    public Double of(String protocol) {
      return validation.get(protocol);
    }
  }

  /**
   * One file of the checkpoint.
   *
   * @param sizeBytes its length
   * @param sha256 lower-case hex
   */
  public record FileEntry(long sizeBytes, String sha256) {}
}
