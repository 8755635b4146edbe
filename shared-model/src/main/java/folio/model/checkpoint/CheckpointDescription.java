package folio.model.checkpoint;

import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;

/**
 * The metadata of a checkpoint without its weights. Immutable and small; safe for use by any
 * thread.
 *
 * @param version the name of the checkpoint
 * @param config the architecture
 * @param vocabulary the characters
 * @param manifest the content of {@code manifest.json}; null only for a checkpoint from {@link
 *     Checkpoint#readExternal}
 */
public record CheckpointDescription(
    String version, CharGruConfig config, Vocabulary vocabulary, CheckpointManifest manifest) {

  /**
   * Returns the text that ends each document, or null if the training text was not divided into
   * documents.
   */
  public String documentSeparator() {
    return manifest == null ? null : manifest.documentSeparator();
  }

  /** Returns the prompt of a request that has none. */
  public String defaultPrompt() {
    return vocabulary.defaultPrompt(documentSeparator());
  }

  /**
   * Returns the SHA-256 of the weights file in lower-case hex. Checkpoints in different stores can
   * have the same name and different digests.
   *
   * @throws NullPointerException if the checkpoint has no manifest
   */
  public String weightsDigest() {
    return manifest.files().get(CheckpointFiles.WEIGHTS).sha256();
  }
}
