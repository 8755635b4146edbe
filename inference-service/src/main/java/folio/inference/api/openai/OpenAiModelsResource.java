package folio.inference.api.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
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
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The routes below {@code /v1/models}: the model names that OpenAI's clients may use. */
@Path("/v1/models")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "openai")
public final class OpenAiModelsResource {
  private static final String OWNER = "folio";

  private final ResidentModels models;

  /** Creates the routes for the resident models. */
  OpenAiModelsResource(ResidentModels models) {
    this.models = models;
  }

  /** A model name. */
  @Schema(name = "OpenAiModel", description = "A model name that requests may use.")
  public record Model(
      @Schema(description = "current, or the version of a loaded model.", examples = "current")
          String id,
      @Schema(description = "Always model.", examples = "model") String object,
      @Schema(
              description = "The time when the model entered its state, in seconds since 1970.",
              examples = "1795459500")
          long created,
      @Schema(description = "Always folio.", examples = "folio") @JsonProperty("owned_by")
          String ownedBy) {
    static Model of(String id, Resident resident) {
      return new Model(id, "model", resident.since().getEpochSecond(), OWNER);
    }
  }

  /** The list of model names. */
  @Schema(name = "OpenAiModels", description = "The model names that requests may use.")
  public record Models(
      @Schema(description = "Always list.", examples = "list") String object,
      @Schema(description = "The model names; current is the first.") List<Model> data) {}

  /** Returns {@code current}, if a model serves, and every resident version that runs requests. */
  @GET
  @Operation(
      operationId = "listOpenAiModels",
      summary = "List model names",
      description =
          "Returns `current` and the version of every loaded model that runs requests, as OpenAI"
              + " defines it.")
  @APIResponse(responseCode = "200", description = "The model names.")
  @APIResponse(responseCode = "401", ref = ProblemResponses.OPENAI_UNAUTHORIZED)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_OPENAI_ERROR)
  public Models list() {
    List<Model> all = new ArrayList<>();
    for (Resident resident : models.residents()) {
      if (resident.state() == ModelState.CURRENT) {
        all.add(0, Model.of(GenerationRequest.CURRENT, resident));
      }
      if (resident.state() != ModelState.CANDIDATE) {
        all.add(Model.of(resident.version(), resident));
      }
    }
    return new Models("list", all);
  }

  /**
   * Returns one model name.
   *
   * @throws RejectedException if no resident model has the name
   */
  @GET
  @Path("/{id}")
  @Operation(
      operationId = "getOpenAiModel",
      summary = "Show a model name",
      description = "Returns one model name, as OpenAI defines it.")
  @APIResponse(
      responseCode = "200",
      description = "The model name.",
      content = @Content(schema = @Schema(implementation = Model.class)))
  @APIResponse(responseCode = "401", ref = ProblemResponses.OPENAI_UNAUTHORIZED)
  @APIResponse(responseCode = "404", ref = ProblemResponses.OPENAI_UNKNOWN_MODEL)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_OPENAI_ERROR)
  public Model get(
      @Parameter(description = "current, or the version of a loaded model.", example = "current")
          @PathParam("id")
          String id) {
    return list().data().stream()
        .filter(model -> model.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new RejectedException(new Rejection.UnknownModel(id)));
  }
}
