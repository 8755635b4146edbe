package folio.inference.api.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.models.ResidentModels.Resident;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointManifest.Corpus;
import folio.model.network.CharGruConfig;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A resident model, as {@code GET /models} describes it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Model", description = "A loaded checkpoint.")
public record ModelView(
    @Schema(description = "The name of the checkpoint.", examples = "embedded") String version,
    @Schema(
            description =
                "candidate (it warms up and runs no request yet), current (it runs new requests) or"
                    + " retiring (it finishes its requests).",
            examples = "current")
        String state,
    @Schema(
            description = "The time when the model entered this state, in RFC 3339.",
            examples = "2026-11-23T18:45:00Z")
        Instant since,
    @Schema(description = "The architecture.") Network network,
    @Schema(
            description = "The characters of the vocabulary, in the order of their ids.",
            examples = "[\"\\n\", \" \", \"a\", \"b\"]")
        List<String> characters,
    @Schema(description = "The number of optimizer steps of its training.", examples = "3000")
        long step,
    @Schema(description = "The name of the training corpus.", examples = "tinyshakespeare")
        String corpus,
    @Schema(
            description = "The mean validation losses in nats per character, by protocol.",
            examples = "{\"carried-64\": 1.41, \"windows-256\": 1.43}")
        @JsonProperty("validation_loss_nats")
        Map<String, Double> validationLossNats) {

  /** The architecture of a model. */
  @Schema(name = "Network", description = "The architecture of a model.")
  public record Network(
      @Schema(description = "plain or residual.", examples = "residual") String kind,
      @Schema(description = "The number of GRU layers.", examples = "3") int layers,
      @Schema(description = "The number of units of each layer.", examples = "512")
          @JsonProperty("hidden_size")
          int hiddenSize,
      @Schema(description = "The number of values of an embedding.", examples = "128")
          @JsonProperty("embedding_size")
          int embeddingSize,
      @Schema(description = "The number of weights.", examples = "4184385") long parameters) {
    static Network of(CharGruConfig config) {
      return new Network(
          config.network().name().toLowerCase(Locale.ROOT),
          config.layers(),
          config.hiddenSize(),
          config.embeddingSize(),
          config.parameterCount());
    }
  }

  static ModelView of(Resident resident) {
    CheckpointManifest manifest = resident.description().manifest();
    return new ModelView(
        resident.version(),
        resident.state().wireName(),
        resident.since(),
        Network.of(resident.description().config()),
        resident.description().vocabulary().characters(),
        manifest.step(),
        manifest.corpus() == null ? null : Corpus.publicName(manifest.corpus().name()),
        manifest.losses() == null ? null : manifest.losses().validation());
  }
}
