package folio.inference.api.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import folio.inference.api.problem.ProblemResponses;
import folio.inference.models.Activation;
import folio.inference.models.ResidentModels;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** {@code GET /activations}: which model was current when. */
@Path("/activations")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "models")
public final class ActivationsResource {
  private final ResidentModels models;

  /** Creates a resource that lists when the models of this service were current. */
  ActivationsResource(ResidentModels models) {
    this.models = models;
  }

  /** A time in which a model was current, as the answer describes it. */
  @Schema(name = "Activation", description = "A time in which new requests ran on a model.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ActivationView(
      @Schema(description = "The name of the checkpoint.", examples = "embedded") String version,
      @Schema(
              description = "When the model became current, in RFC 3339.",
              examples = "2026-11-23T18:45:00Z")
          Instant since,
      @Schema(
              description =
                  "When another model replaced it, in RFC 3339; absent while it is current.",
              examples = "2026-11-23T19:10:00Z")
          Instant until) {}

  /** Returns the last 100 times in which a model was current, oldest first. */
  @GET
  @Operation(
      operationId = "listActivations",
      summary = "List activations",
      description =
          "Returns which model was current when, since this process started: the last 100 times,"
              + " oldest first.")
  @APIResponse(responseCode = "200", description = "The times.")
  @APIResponse(responseCode = "401", ref = ProblemResponses.UNAUTHORIZED)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_PROBLEM)
  public List<ActivationView> list() {
    return models.activations().stream().map(ActivationsResource::view).toList();
  }

  private static ActivationView view(Activation activation) {
    return new ActivationView(activation.version(), activation.since(), activation.until());
  }
}
