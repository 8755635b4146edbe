package folio.inference.api.openai;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.generate.Defaults;
import folio.inference.api.generate.GenerationService;
import folio.inference.api.generate.ResponseFacts;
import folio.inference.api.http.CharacterStream;
import folio.inference.api.http.ResponseHeaders;
import folio.inference.api.openai.CompletionAnswer.Heading;
import folio.inference.api.problem.ProblemResponses;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.RequestGroup;
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
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;

/** The route {@code POST /v1/completions}, which generates text for OpenAI's clients. */
@Path("/v1/completions")
@Tag(name = "openai", description = "The API for OpenAI's clients.")
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.SERVER_SENT_EVENTS) // or JSON: the body decides, see CompletionResponseWriter
public final class CompletionsResource {
  private final GenerationService generations;
  private final GenerationLimits limits;
  private final RandomGenerator random;
  private final CompletionBody emptyBody;

  /** Creates the route; {@code json} reads the defaults of an absent body. */
  CompletionsResource(
      GenerationService generations,
      GenerationLimits limits,
      RandomGenerator random,
      ObjectMapper json) {
    this.generations = generations;
    this.limits = limits;
    this.random = random;
    this.emptyBody = json.convertValue(Map.of(), CompletionBody.class);
  }

  /** Completes prompts, as one answer or as a stream. */
  @POST
  @Operation(
      operationId = "createCompletion",
      summary = "Complete a prompt",
      description =
          "Continues one or several prompts, as OpenAI defines it. The field `stream` alone chooses"
              + " between one answer and a stream of events, which `data: [DONE]` ends.")
  @APIResponse(
      responseCode = "200",
      description =
          "The choices, or events while the service generates them. The schema of"
              + " `text/event-stream` is that of one event.",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = CompletionAnswer.class)),
        @Content(
            mediaType = MediaType.SERVER_SENT_EVENTS,
            schema = @Schema(implementation = CompletionAnswer.class))
      })
  @APIResponse(responseCode = "400", ref = ProblemResponses.OPENAI_BAD_REQUEST)
  @APIResponse(responseCode = "401", ref = ProblemResponses.OPENAI_UNAUTHORIZED)
  @APIResponse(responseCode = "404", ref = ProblemResponses.OPENAI_UNKNOWN_MODEL)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_OPENAI_ERROR)
  public Uni<RestResponse<CompletionResponse>> complete(
      @RequestBody(
              description =
                  "The prompts and the parameters. Without a body, each field has its default.",
              required = false)
          CompletionBody body,
      RoutingContext http) {
    CompletionBody present = Defaults.or(body, emptyBody);
    UnsupportedFields.reject(present);
    List<RequestGroup> groups = present.toRequests(limits, random, generations.maxChoices());
    int choices = groups.stream().mapToInt(group -> group.requests().size()).sum();
    if (choices > generations.maxRequests()) {
      throw new OutOfRangeException(
          "n", choices + " choices of all prompts", "up to " + generations.maxRequests());
    }
    ResponseFacts response = new ResponseFacts("cmpl-" + UUID.randomUUID(), present.streams());
    List<GenerationStream> streams = generations.submit(groups, response, http);
    Function<String, CompletionChoices> encoder =
        model -> new CompletionChoices(heading(response.id(), model), groups, present);
    return present.streams() ? stream(streams, encoder) : completed(streams, encoder);
  }

  private static Uni<RestResponse<CompletionResponse>> stream(
      List<GenerationStream> streams, Function<String, CompletionChoices> encoder) {
    return GenerationService.allStarted(streams)
        .map(started -> encoder.apply(started.modelVersion()))
        .map(choices -> new CompletionResponse.Stream(new CharacterStream(streams, choices)))
        .map(events -> respond(MediaType.SERVER_SENT_EVENTS, events));
  }

  private static Uni<RestResponse<CompletionResponse>> completed(
      List<GenerationStream> streams, Function<String, CompletionChoices> encoder) {
    return GenerationService.allCompleted(streams)
        .map(all -> encoder.apply(all.get(0).end().modelVersion()).answer(all))
        .map(
            answer ->
                respond(MediaType.APPLICATION_JSON, new CompletionResponse.Completed(answer)));
  }

  private static Heading heading(String id, String model) {
    return new Heading(id, Instant.now().getEpochSecond(), model);
  }

  private static RestResponse<CompletionResponse> respond(String type, CompletionResponse body) {
    return ResponseHeaders.unbuffered(body).header(HttpHeaders.CONTENT_TYPE, type).build();
  }
}
