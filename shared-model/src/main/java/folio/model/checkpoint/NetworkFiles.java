package folio.model.checkpoint;

import ai.djl.ndarray.NDList;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import java.util.LinkedHashMap;
import java.util.Map;

/** The three files that describe a network to other programs: weights, vocabulary, architecture. */
public final class NetworkFiles {
  private NetworkFiles() {}

  /**
   * Returns the files that {@link Checkpoint#readExternal} reads.
   *
   * @param tensors every tensor of {@link CharGruConfig#tensorShapes}, by name, float32 or float16
   * @return the contents by the names of the files
   */
  public static Map<String, byte[]> of(
      CharGruConfig config, Vocabulary vocabulary, NDList tensors) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(CheckpointFiles.WEIGHTS, Safetensors.write(tensors, Map.of("format", "pt")));
    files.put(CheckpointFiles.VOCABULARY, CheckpointJson.write(vocabulary));
    files.put(CheckpointFiles.CONFIG, CheckpointJson.write(config));
    return files;
  }
}
