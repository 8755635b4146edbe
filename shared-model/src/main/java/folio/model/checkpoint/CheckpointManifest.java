package folio.model.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import folio.model.storage.Sha256;
import java.util.Map;
import java.util.TreeMap;

/**
 * The content of {@code manifest.json}: the history of a checkpoint, its losses and the digests of
 * its files.
 *
 * @param format the version of this format, {@value #FORMAT}
 * @param version the checkpoint's name
 * @param parent the version that the checkpoint continues, or null
 * @param run the id of the training run that made the checkpoint, or null
 * @param step the number of optimizer steps; 0 if Folio did not train the checkpoint
 * @param corpus the training text, or null if it is unknown
 * @param losses the measured losses, or null if nothing was measured
 * @param settings the training settings by name, as text
 * @param files the size and digest of each file that loaders read, by name
 * @param canary the text and loss by which a loader verifies its computation
 * @param documentSeparator the text that ended each document of the training text, or null if it
 *     was not divided into documents
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
    Canary canary,
    @JsonInclude(JsonInclude.Include.NON_NULL) String documentSeparator) {

  /** The version of the format of all JSON files that this release writes and reads. */
  public static final int FORMAT = 1;

  /** Returns the same history for other files, such as those of an export. */
  public CheckpointManifest withFiles(Map<String, FileEntry> others) {
    return new CheckpointManifest(
        format,
        version,
        parent,
        run,
        step,
        corpus,
        losses,
        settings,
        others,
        canary,
        documentSeparator);
  }

  /**
   * The text that a network was trained on.
   *
   * @param name the name that the user entered
   * @param sha256 the digest of the text's UTF-8 bytes in lower-case hex
   * @param characters the length of the text in code points
   * @param licence the licence of the text in the user's words, or null if the user named none
   */
  public record Corpus(
      String name,
      String sha256,
      long characters,
      @JsonInclude(JsonInclude.Include.NON_NULL) String licence) {
    /** Creates a corpus without a licence. */
    public Corpus(String name, String sha256, long characters) {
      this(name, sha256, characters, null);
    }

    /** Returns the same corpus with another licence. */
    public Corpus withLicence(String other) {
      return new Corpus(name, sha256, characters, other);
    }

    /**
     * Returns the part of a corpus's name that clients may see: the name of a file without its
     * folder, or an address without user, password and query.
     */
    public static String publicName(String name) {
      if (name.matches("https?://.*")) {
        return name.replaceFirst("//[^/]*@", "//").replaceFirst("[?#].*", "");
      }
      return name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
    }
  }

  /**
   * Mean losses in nats per character.
   *
   * @param training the loss over the characters trained on since the previous evaluation, dropout
   *     included; null if unknown
   * @param validation the losses over the validation part of the corpus, by protocol
   * @param test the losses over the test part of the corpus, by protocol; null if it has none or
   *     they were not measured
   */
  public record Losses(
      Double training,
      Map<String, Double> validation,
      @JsonInclude(JsonInclude.Include.NON_NULL) Map<String, Double> test) {
    /** Replaces a null map with an empty one. */
    public Losses {
      validation = validation == null ? Map.of() : validation;
    }

    /** Creates losses without those of a test part. */
    public Losses(Double training, Map<String, Double> validation) {
      this(training, validation, null);
    }

    /** Returns the validation loss of a protocol in nats, or null if it was not measured. */
    public Double of(String protocol) {
      return validation.get(protocol);
    }
  }

  /**
   * The size and digest of one file of the checkpoint.
   *
   * @param sizeBytes the length in bytes
   * @param sha256 the digest in lower-case hex
   */
  public record FileEntry(long sizeBytes, String sha256) {
    /** Returns the entries of files by name, in the order of their names. */
    public static Map<String, FileEntry> ofAll(Map<String, byte[]> files) {
      Map<String, FileEntry> entries = new TreeMap<>();
      files.forEach(
          (name, bytes) -> entries.put(name, new FileEntry(bytes.length, Sha256.hex(bytes))));
      return entries;
    }
  }
}
