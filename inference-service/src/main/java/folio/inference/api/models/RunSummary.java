package folio.inference.api.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import folio.model.checkpoint.CheckpointManifest.Corpus;
import folio.model.run.RunEvents;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A training run in the store, as {@code GET /runs} describes it. */
@Schema(name = "RunSummary", description = "A training run that writes its record into the store.")
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunSummary(
    @Schema(
            description = "The identifier of the run, which its checkpoints have too.",
            examples = "2f1e9f0a-5d3b-4b62-8d5e-0c6f4c9f3f11")
        String run,
    @Schema(
            description =
                "training (it has not ended; see updated), ended (it has taken all its steps) or"
                    + " stopped (it was asked to stop before).",
            examples = "training")
        String state,
    @Schema(description = "The name of the training corpus.", examples = "tinyshakespeare")
        String corpus,
    @Schema(description = "The number of weights.", examples = "4184385") Long parameters,
    @Schema(description = "The number of optimizer steps taken.", examples = "400") long step,
    @Schema(description = "The number of optimizer steps of the whole run.", examples = "1000")
        Long steps,
    @Schema(
            description = "When the run began, in RFC 3339, by its own clock.",
            examples = "2026-11-23T18:45:00Z")
        Instant began,
    @Schema(
            description = "When the record was written last, in RFC 3339, by the store's clock.",
            examples = "2026-11-23T18:46:00Z")
        Instant updated,
    @Schema(description = "The training speed in characters per second.", examples = "34000")
        @JsonProperty("characters_per_second")
        Double charactersPerSecond,
    @Schema(
            description = "The time in seconds that the steps which are left will take.",
            examples = "36.1")
        @JsonProperty("seconds_left")
        Double secondsLeft,
    @Schema(description = "The newest training loss in nats per character.", examples = "1.62")
        @JsonProperty("training_loss_nats")
        Double trainingLossNats) {

  /** Returns the summary of a run's record. */
  static RunSummary of(String run, Instant updated, RunEvents events) {
    JsonNode begin = orMissing(events.last("begin"));
    JsonNode end = orMissing(events.end());
    JsonNode progress = orMissing(events.last("progress"));
    Long steps = longOrNull(begin.path("steps"));
    Double speed = doubleOrNull(progress.path("characters_per_second"));
    Long perStep = longOrNull(begin.path("characters_per_step"));
    boolean training = end.isMissingNode();
    Double left = null;
    if (training && steps != null && perStep != null && speed != null && speed > 0) {
      left = Math.max(0, steps - events.lastStep()) * perStep / speed;
    }
    String corpus = begin.at("/corpus/name").asText(null);
    return new RunSummary(
        run,
        training ? "training" : end.path("whole").asBoolean() ? "ended" : "stopped",
        corpus == null ? null : Corpus.publicName(corpus),
        longOrNull(begin.path("parameters")),
        events.lastStep(),
        steps,
        events.began().orElse(null),
        updated,
        speed,
        left,
        doubleOrNull(progress.path("training_loss_nats")));
  }

  private static JsonNode orMissing(JsonNode event) {
    return event == null ? MissingNode.getInstance() : event;
  }

  private static Long longOrNull(JsonNode node) {
    return node.isIntegralNumber() ? node.asLong() : null;
  }

  private static Double doubleOrNull(JsonNode node) {
    return node.isNumber() ? node.asDouble() : null;
  }
}
