package folio.trainer.export;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointDescription;
import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.checkpoint.ModelCard;
import folio.model.checkpoint.NetworkFiles;
import folio.model.network.CharGru;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** A checkpoint as a folder that PyTorch runs. */
public final class PyTorchFolder {
  private static final String PROGRAM = "network.py";

  private PyTorchFolder() {}

  /**
   * Returns the files of the folder: the weights in float32, the architecture, the vocabulary, a
   * program with the network's class and, for a published checkpoint, the model card.
   *
   * @param network the loaded network of the checkpoint
   * @return the contents by name
   */
  public static Map<String, byte[]> of(Checkpoint checkpoint, CharGru network) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (NDManager scratch = NDManager.newBaseManager()) {
      files.putAll(
          NetworkFiles.of(checkpoint.config(), checkpoint.vocabulary(), network.tensors(scratch)));
    }
    if (checkpoint.manifest() != null) {
      CheckpointDescription exported =
          new CheckpointDescription(
              checkpoint.version(),
              checkpoint.config(),
              checkpoint.vocabulary(),
              checkpoint.manifest().withFiles(FileEntry.ofAll(files)));
      files.put(ModelCard.FILE, ModelCard.of(exported));
    }
    try (InputStream program = PyTorchFolder.class.getResourceAsStream(PROGRAM)) {
      files.put(PROGRAM, program.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }
}
