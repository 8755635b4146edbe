package folio.inference.api.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointManifest;
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
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** {@code GET /checkpoints}: what was published, loaded or not. */
@Path("/checkpoints")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "models")
public final class CheckpointsResource {
  /** Each costs a small file to be read. */
  private static final int MOST = 50;

  private final CheckpointStore store;

  /** Of the store that the service looks at. */
  CheckpointsResource(CheckpointStore store) {
    this.store = store;
  }

  /** A checkpoint in the store. */
  @Schema(name = "Checkpoint")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record CheckpointView(
      String version,
      @Schema(description = "The one that its run published before it.") String parent,
      @Schema(description = "Whether CURRENT names it.") boolean current,
      @Schema(description = "Optimizer steps taken.") long step,
      @Schema(description = "The text it was trained on.") String corpus,
      @JsonProperty("training_loss_nats") Double trainingLossNats,
      @JsonProperty("validation_loss_nats") Map<String, Double> validationLossNats) {
    static CheckpointView of(CheckpointManifest manifest, Optional<String> current) {
      return new CheckpointView(
          manifest.version(),
          manifest.parent(),
          current.equals(Optional.of(manifest.version())),
          manifest.step(),
          manifest.corpus() == null ? null : manifest.corpus().name(),
          manifest.losses() == null ? null : manifest.losses().training(),
          manifest.losses() == null ? null : manifest.losses().validation());
    }
  }

  /** The newest ones; what cannot be read is left out. */
  @GET
  @Blocking
  @Operation(
      operationId = "listCheckpoints",
      summary = "List checkpoints",
      description = "The newest 50 that were published, newest first, with their losses.")
  public List<CheckpointView> list() {
    Optional<String> current = readable(store::current).flatMap(name -> name);
    List<String> versions = readable(store::versions).orElse(List.of());
    return IntStream.range(0, Math.min(MOST, versions.size()))
        .mapToObj(i -> versions.get(versions.size() - 1 - i))
        .flatMap(version -> readable(() -> store.manifest(version)).stream())
        .map(manifest -> CheckpointView.of(manifest, current))
        .toList();
  }

  /** A look at the store. */
  private interface Look<T> {
    T take();
  }

  /** A publisher may be at work, or the store out of reach. */
  private static <T> Optional<T> readable(Look<T> look) {
    try {
      return Optional.of(look.take());
    } catch (CheckpointException e) {
      return Optional.empty();
    }
  }
}
