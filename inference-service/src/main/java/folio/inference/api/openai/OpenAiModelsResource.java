package folio.inference.api.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
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
import org.eclipse.microprofile.openapi.annotations.media.Schema;
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
  @Schema(name = "OpenAiModel")
  public record Model(
      String id, String object, long created, @JsonProperty("owned_by") String ownedBy) {
    static Model of(String id, Resident resident) {
      return new Model(id, "model", resident.since().getEpochSecond(), OWNER);
    }
  }

  /** The list of model names. */
  @Schema(name = "OpenAiModels")
  public record Models(String object, List<Model> data) {}

  /** Returns {@code current}, if a model serves, and every resident version that runs requests. */
  @GET
  @Operation(operationId = "listOpenAiModels", summary = "List models, as OpenAI defines it")
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
  @Operation(operationId = "getOpenAiModel", summary = "Show a model, as OpenAI defines it")
  public Model get(@PathParam("id") String id) {
    return list().data().stream()
        .filter(model -> model.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new RejectedException(new Rejection.UnknownModel(id)));
  }
}
