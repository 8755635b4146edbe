package folio.inference.api.openai;

import folio.inference.api.generate.Generations;
import folio.inference.api.http.CharacterStream;
import folio.inference.api.openai.CompletionAnswer.Heading;
import folio.inference.api.problem.OpenAiError;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.model.sampling.OutOfRangeException;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;

/**
 * {@code POST /v1/completions}: what {@code POST /generate} does, for clients that speak OpenAI's
 * API.
 */
@Path("/v1/completions")
@Tag(name = "openai", description = "What OpenAI's clients speak.")
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.SERVER_SENT_EVENTS) // or JSON: the body decides, see CompletionResponseWriter
public final class CompletionsResource {
  private static final CompletionBody EMPTY =
      new CompletionBody(
          null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
          null, null, null, null, null, null);

  private final Generations generations;
  private final GenerationLimits limits;
  private final RandomGenerator random;

  /** With what runs requests. */
  CompletionsResource(Generations generations, GenerationLimits limits, RandomGenerator random) {
    this.generations = generations;
    this.limits = limits;
    this.random = random;
  }

  /** Completes prompts, whole or as a stream. */
  @POST
  @Operation(
      operationId = "createCompletion",
      summary = "Complete a prompt",
      description = "As OpenAI has it; `stream` alone decides whether the answer is a stream.")
  @APIResponse(
      responseCode = "200",
      description = "The choices, or events of them while they are written.",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = CompletionAnswer.class)),
        @Content(
            mediaType = MediaType.SERVER_SENT_EVENTS,
            schema = @Schema(implementation = CompletionAnswer.class))
      })
  @APIResponse(
      responseCode = "default",
      description = "400, 404, 408, 413, 415, 429, 500 and 503, as of POST /generate.",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(implementation = OpenAiError.class)))
  public Uni<RestResponse<CompletionResponse>> complete(CompletionBody body, RoutingContext http) {
    CompletionBody given = body != null ? body : EMPTY;
    List<List<GenerationRequest>> prompts =
        given.toRequests(limits, random, generations.maxChoices());
    int choices = prompts.size() * prompts.get(0).size();
    if (choices > generations.maxRequests()) {
      throw new OutOfRangeException(
          "n", choices + " choices of all prompts", "up to " + generations.maxRequests());
    }
    List<GenerationStream> streams = generations.submit(prompts, http);
    List<GenerationRequest> requests = prompts.stream().flatMap(List::stream).toList();
    int each = prompts.get(0).size();
    if (given.streams()) {
      return Uni.join()
          .all(streams.stream().map(Generations::started).toList())
          .andFailFast()
          .map(started -> started.get(0).modelVersion())
          .map(
              model ->
                  respond(
                      MediaType.SERVER_SENT_EVENTS,
                      new CompletionResponse.Stream(
                          new CharacterStream(
                              streams,
                              new CompletionChoices(
                                  heading(model), requests, each, given.tellsUsage())))));
    }
    return Uni.join()
        .all(streams.stream().map(Generations::whole).toList())
        .andFailFast()
        .map(
            all ->
                respond(
                    MediaType.APPLICATION_JSON,
                    new CompletionResponse.Completed(
                        new CompletionChoices(
                                heading(all.get(0).end().modelVersion()), requests, each, true)
                            .whole(all))));
  }

  private static Heading heading(String model) {
    return new Heading("cmpl-" + UUID.randomUUID(), Instant.now().getEpochSecond(), model);
  }

  private static RestResponse<CompletionResponse> respond(String type, CompletionResponse body) {
    return RestResponse.ResponseBuilder.ok(body)
        .header(HttpHeaders.CONTENT_TYPE, type)
        .header("X-Accel-Buffering", "no")
        .header("Cache-Control", "no-cache")
        .build();
  }
}
