package folio.model.testing;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.checkpoint.Safetensors;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;

/** A file of results that PyTorch computed, see {@code parity/make_references.py}. */
public final class Reference {
  private final NDList tensors;
  private final CharGruConfig config;

  /** Reads {@code parity/NAME.safetensors}. */
  public Reference(NDManager owner, String name) throws IOException {
    try (InputStream in = Reference.class.getResourceAsStream("/parity/" + name + ".safetensors")) {
      byte[] bytes = in.readAllBytes();
      this.tensors = Safetensors.read(owner, bytes);
      this.config =
          config(new JsonMapper().readTree(Safetensors.readMetadata(bytes).get("config")));
    }
  }

  private static CharGruConfig config(JsonNode json) {
    return new CharGruConfig(
        NetworkKind.valueOf(upper(json, "network")),
        json.get("vocabulary_size").asInt(),
        json.get("embedding_size").asInt(),
        json.get("hidden_size").asInt(),
        json.get("layers").asInt(),
        Nonlinearity.valueOf(upper(json, "embedding_activation")),
        Nonlinearity.valueOf(upper(json, "head_activation")),
        json.get("projection_size").isNull() ? null : json.get("projection_size").asInt(),
        json.get("tied").asBoolean());
  }

  private static String upper(JsonNode json, String field) {
    return json.get(field).asText().toUpperCase(Locale.ROOT);
  }

  /** Creates the network with PyTorch's weights. */
  public CharGru network(NDManager owner) {
    return new CharGru(owner, config, tensors);
  }

  /** Returns a tensor of the file. */
  public NDArray get(String name) {
    return tensors.get(name);
  }

  /** Returns all tensors of the file. */
  public NDList tensors() {
    return tensors;
  }
}
