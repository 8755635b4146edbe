package folio.inference.api.generate;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import folio.inference.api.problem.ProblemMapper;
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
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * {@code POST /score}. A text is read like a prompt, in a slot among those that generate, so it
 * waits, is bounded and is refused like one.
 */
@Path("/score")
@Tag(name = "score", description = "How likely a text is to the model that serves.")
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public final class ScoreResource {
  private static final String TEXT = "text";

  private final Generations generations;
  private final GenerationLimits limits;

  /** With what runs requests. */
  ScoreResource(Generations generations, GenerationLimits limits) {
    this.generations = generations;
    this.limits = limits;
  }

  /** Judges a text. */
  @POST
  @Operation(
      operationId = "score",
      summary = "Score a text",
      description =
          "Tells how likely the model finds each character of a text after those before it.")
  @APIResponse(
      responseCode = "200",
      description = "Every character's log-probability and rank, and what stood to choose.",
      content = @Content(schema = @Schema(implementation = ScoreAnswer.class)))
  @APIResponse(
      responseCode = "default",
      description = "As of POST /generate: 400, 404, 408, 413, 415, 429, 500 and 503.",
      content =
          @Content(
              mediaType = Problem.MEDIA_TYPE,
              schema = @Schema(implementation = Problem.class)))
  public Uni<ScoreAnswer> score(ScoreBody body, RoutingContext http) {
    ScoreBody given = body != null ? body : new ScoreBody(null, null, null);
    GenerationRequest request = given.toRequest(limits);
    return Generations.whole(generations.submit(request, http))
        .onFailure(RejectedException.class)
        .transform(e -> aboutText(e))
        .map(whole -> ScoreAnswer.of(request.prompt(), whole));
  }

  /** The engine knows no texts, only prompts. */
  private static Throwable aboutText(Throwable refused) {
    return refused instanceof RejectedException e
            && e.rejection() instanceof Rejection.UnknownCharacter unknown
        ? new ProblemException(ProblemMapper.unknownCharacter(TEXT, unknown))
        : refused;
  }
}
