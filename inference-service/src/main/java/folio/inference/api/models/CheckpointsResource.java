package folio.inference.api.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.problem.ProblemResponses;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointManifest.Corpus;
import folio.model.checkpoint.CheckpointStore;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** {@code GET /checkpoints}: the published checkpoints, loaded or not. */
@Path("/checkpoints")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "models")
public final class CheckpointsResource {
  /** The largest number of checkpoints in an answer; each costs the read of a small file. */
  private static final int MAX_CHECKPOINTS = 50;

  private final CheckpointStore store;

  /** Creates a resource that lists the store which the service watches. */
  CheckpointsResource(CheckpointStore store) {
    this.store = store;
  }

  /** A checkpoint in the store, as the answer describes it. */
  @Schema(name = "Checkpoint", description = "A published checkpoint, loaded or not.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record CheckpointView(
      @Schema(
              description = "The name of the checkpoint; names sort by time.",
              examples = "20261123T184500Z-1a2b3c4d")
          String version,
      @Schema(
              description = "The checkpoint that its run published before it.",
              examples = "20261123T184300Z-5e6f7a8b")
          String parent,
      @Schema(
              description = "The training run that published it.",
              examples = "2f1e9f0a-5d3b-4b62-8d5e-0c6f4c9f3f11")
          String run,
      @Schema(description = "Whether CURRENT names it.", examples = "true") boolean current,
      @Schema(description = "The number of optimizer steps of its training.", examples = "3000")
          long step,
      @Schema(description = "The name of the training corpus.", examples = "tinyshakespeare")
          String corpus,
      @Schema(description = "The mean training loss in nats per character.", examples = "1.32")
          @JsonProperty("training_loss_nats")
          Double trainingLossNats,
      @Schema(
              description = "The mean validation losses in nats per character, by protocol.",
              examples = "{\"carried-64\": 1.41, \"windows-256\": 1.43}")
          @JsonProperty("validation_loss_nats")
          Map<String, Double> validationLossNats,
      @Schema(
              description = "The settings of its training, by the names of the trainer's options.",
              examples = "{\"learning-rate\": \"0.008\", \"layers\": \"3\"}")
          Map<String, String> settings) {
    static CheckpointView of(CheckpointManifest manifest, Optional<String> current) {
      return new CheckpointView(
          manifest.version(),
          manifest.parent(),
          manifest.run(),
          current.equals(Optional.of(manifest.version())),
          manifest.step(),
          manifest.corpus() == null ? null : Corpus.publicName(manifest.corpus().name()),
          manifest.losses() == null ? null : manifest.losses().training(),
          manifest.losses() == null ? null : manifest.losses().validation(),
          manifest.settings());
    }
  }

  /** Returns the newest checkpoints, newest first, without those whose manifest is unreadable. */
  @GET
  @Blocking
  @Operation(
      operationId = "listCheckpoints",
      summary = "List checkpoints",
      description = "Returns the 50 newest published checkpoints with their losses, newest first.")
  @APIResponse(responseCode = "200", description = "The checkpoints.")
  @APIResponse(responseCode = "401", ref = ProblemResponses.UNAUTHORIZED)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_PROBLEM)
  public List<CheckpointView> list() {
    Optional<String> current = readable(store::current).flatMap(name -> name);
    List<String> versions = readable(store::versions).orElse(List.of());
    return IntStream.range(0, Math.min(MAX_CHECKPOINTS, versions.size()))
        .mapToObj(i -> versions.get(versions.size() - 1 - i))
        .flatMap(version -> readable(() -> store.manifest(version)).stream())
        .map(manifest -> CheckpointView.of(manifest, current))
        .toList();
  }

  /** A read of the store. */
  private interface StoreRead<T> {
    T get();
  }

  /** Returns the result, or nothing if a publisher interferes or the store is unreachable. */
  private static <T> Optional<T> readable(StoreRead<T> read) {
    try {
      return Optional.of(read.get());
    } catch (CheckpointException e) {
      return Optional.empty();
    }
  }
}
