package folio.inference.api.models;

import folio.inference.api.problem.ProblemResponses;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.RejectedException;
import folio.inference.generation.Rejection;
import folio.inference.models.ModelState;
import folio.inference.models.ResidentModels;
import folio.inference.models.ResidentModels.Resident;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** {@code GET /models}: the resident models. */
@Path("/models")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "models", description = "Loaded models and published checkpoints.")
public final class ModelsResource {
  private final ResidentModels models;

  /** Creates a resource that lists the resident models. */
  ModelsResource(ResidentModels models) {
    this.models = models;
  }

  /** Returns every resident model, oldest first. */
  @GET
  @Operation(
      operationId = "listModels",
      summary = "List models",
      description = "Returns the loaded models, at most two, oldest first.")
  @APIResponse(responseCode = "200", description = "The models.")
  @APIResponse(responseCode = "401", ref = ProblemResponses.UNAUTHORIZED)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_PROBLEM)
  public List<ModelView> list() {
    return models.residents().stream().map(ModelView::of).toList();
  }

  /** Returns one resident model. */
  @GET
  @Path("/{version}")
  @Operation(
      operationId = "getModel",
      summary = "Show a model",
      description = "Returns one loaded model.")
  @APIResponse(
      responseCode = "200",
      description = "The model.",
      content = @Content(schema = @Schema(implementation = ModelView.class)))
  @APIResponse(responseCode = "401", ref = ProblemResponses.UNAUTHORIZED)
  @APIResponse(responseCode = "404", ref = ProblemResponses.UNKNOWN_MODEL)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_PROBLEM)
  public ModelView get(
      @Parameter(description = "current, or a version that GET /models lists.", example = "current")
          @PathParam("version")
          String version) {
    return models.residents().stream()
        .filter(resident -> matches(resident, version))
        .findFirst()
        .map(ModelView::of)
        .orElseThrow(() -> new RejectedException(new Rejection.UnknownModel(version)));
  }

  private static boolean matches(Resident resident, String version) {
    return resident.version().equals(version)
        || (version.equals(GenerationRequest.CURRENT) && resident.state() == ModelState.CURRENT);
  }
}
