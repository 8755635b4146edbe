package folio.inference.api.generate;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.problem.ProblemException;
import folio.inference.api.problem.ProblemMapper;
import folio.inference.api.problem.ProblemResponses;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.RejectedException;
import folio.inference.generation.Rejection;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * The route {@code POST /score}. The engine reads the text like a prompt, in a slot of its own, so
 * the queue, the limits and the rejections are those of {@code POST /generate}.
 */
@Path("/score")
@Tag(name = "score", description = "The probability of a text under the current model.")
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public final class ScoreResource {
  private final GenerationService generations;
  private final GenerationLimits limits;
  private final ScoreBody emptyBody;

  /** Creates the route; {@code json} reads the defaults of an absent body. */
  ScoreResource(GenerationService generations, GenerationLimits limits, ObjectMapper json) {
    this.generations = generations;
    this.limits = limits;
    this.emptyBody = json.convertValue(Map.of(), ScoreBody.class);
  }

  /** Returns the log-probability of every character of a text. */
  @POST
  @Operation(
      operationId = "score",
      summary = "Score a text",
      description =
          "Returns the log-probability of each character of a text, given the characters before it.")
  @APIResponse(
      responseCode = "200",
      description =
          "The log-probability, the rank and the most likely alternatives of every character.",
      content = @Content(schema = @Schema(implementation = ScoreAnswer.class)))
  @APIResponse(responseCode = "400", ref = ProblemResponses.BAD_REQUEST)
  @APIResponse(responseCode = "401", ref = ProblemResponses.UNAUTHORIZED)
  @APIResponse(responseCode = "404", ref = ProblemResponses.UNKNOWN_MODEL)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_PROBLEM)
  public Uni<ScoreAnswer> score(
      @RequestBody(description = "The text to score.") ScoreBody body, RoutingContext http) {
    GenerationRequest request = Defaults.or(body, emptyBody).toRequest(limits);
    return GenerationService.completed(generations.submit(request, false, http))
        .onFailure(RejectedException.class)
        .transform(ScoreResource::nameTextField)
        .map(ScoreAnswer::of);
  }

  /** Makes a rejection name the field {@code text}, which the engine knows as the prompt. */
  private static Throwable nameTextField(Throwable rejected) {
    return rejected instanceof RejectedException e
            && e.rejection() instanceof Rejection.UnknownCharacter unknown
        ? new ProblemException(ProblemMapper.unknownCharacter("text", unknown))
        : rejected;
  }
}
