package folio.inference.api.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.models.ResidentModels.Resident;
import folio.model.checkpoint.CheckpointManifest;
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
    @Schema(examples = "embedded") String version,
    @Schema(description = "candidate (loaded, not yet warm), current, or retiring.") String state,
    @Schema(description = "The time when the model entered this state.") Instant since,
    Network network,
    @Schema(description = "The characters of the vocabulary, in the order of their ids.")
        List<String> characters,
    @Schema(description = "Optimizer steps taken.") long step,
    @Schema(description = "The name of the training corpus.") String corpus,
    @Schema(description = "Mean validation losses in nats a character, by protocol.")
        @JsonProperty("validation_loss_nats")
        Map<String, Double> validationLossNats) {

  /** The architecture of a model. */
  @Schema(name = "Network")
  public record Network(
      String kind,
      int layers,
      @JsonProperty("hidden_size") int hiddenSize,
      @JsonProperty("embedding_size") int embeddingSize,
      long parameters) {
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
        manifest.corpus() == null ? null : manifest.corpus().name(),
        manifest.losses() == null ? null : manifest.losses().validation());
  }
}
