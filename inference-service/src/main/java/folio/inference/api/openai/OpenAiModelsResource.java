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

/** {@code GET /v1/models}: the names that {@code POST /v1/completions} takes. */
@Path("/v1/models")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "openai")
public final class OpenAiModelsResource {
  private static final String OWNER = "folio";

  private final ResidentModels models;

  /** With the list of who is resident. */
  OpenAiModelsResource(ResidentModels models) {
    this.models = models;
  }

  /** A name. */
  @Schema(name = "OpenAiModel")
  public record Model(
      String id, String object, long created, @JsonProperty("owned_by") String ownedBy) {
    static Model of(String id, Resident resident) {
      return new Model(id, "model", resident.since().getEpochSecond(), OWNER);
    }
  }

  /** All names. */
  @Schema(name = "OpenAiModels")
  public record Models(String object, List<Model> data) {}

  /** {@code current}, if there is one, and every resident version that takes requests. */
  @GET
  @Operation(operationId = "listOpenAiModels", summary = "List models, as OpenAI does")
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

  /** One name. */
  @GET
  @Path("/{id}")
  @Operation(operationId = "getOpenAiModel", summary = "Show a model, as OpenAI does")
  public Model get(@PathParam("id") String id) {
    return list().data().stream()
        .filter(model -> model.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new RejectedException(new Rejection.UnknownModel(id)));
  }
}
