package folio.inference.api.generate;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.http.CharacterStream;
import folio.inference.api.http.MediaTypes;
import folio.inference.api.http.ResponseHeaders;
import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import folio.inference.api.problem.ProblemResponses;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.RejectedException;
import folio.inference.generation.Rejection;
import folio.inference.generation.SavedState;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.headers.Header;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;

/**
 * The route {@code POST /generate}. The {@code Accept} header alone chooses the format. Every
 * format sends the status only after the first character. A rejection can therefore have its own
 * status.
 */
@Path("/generate")
@Tag(name = "generate", description = "Text from the current model.")
@Consumes(MediaType.APPLICATION_JSON)
@APIResponse(responseCode = "400", ref = ProblemResponses.BAD_REQUEST)
@APIResponse(responseCode = "401", ref = ProblemResponses.UNAUTHORIZED)
@APIResponse(responseCode = "404", ref = ProblemResponses.UNKNOWN_MODEL)
@APIResponse(responseCode = "405", ref = ProblemResponses.METHOD_NOT_ALLOWED)
@APIResponse(responseCode = "406", ref = ProblemResponses.NOT_ACCEPTABLE)
@APIResponse(responseCode = "408", ref = ProblemResponses.REQUEST_TIMEOUT)
@APIResponse(responseCode = "410", ref = ProblemResponses.STATE_GONE)
@APIResponse(responseCode = "413", ref = ProblemResponses.BODY_TOO_LARGE)
@APIResponse(responseCode = "415", ref = ProblemResponses.UNSUPPORTED_MEDIA_TYPE)
@APIResponse(responseCode = "429", ref = ProblemResponses.TOO_MANY_REQUESTS)
@APIResponse(responseCode = "500", ref = ProblemResponses.ENGINE_FAILED)
@APIResponse(responseCode = "501", ref = ProblemResponses.UNKNOWN_TRANSFER_ENCODING)
@APIResponse(responseCode = "503", ref = ProblemResponses.UNAVAILABLE)
public final class GenerateResource {
  private static final String SUMMARY = "Generate text";
  private static final String DESCRIPTION =
      "Continues a prompt, character by character. The `Accept` header chooses the format:"
          + " `text/event-stream` (also for `*/*` and without the header), `application/x-ndjson`,"
          + " `text/plain` (the raw characters) or `application/json` (one answer at the end). The"
          + " service sends a status only after the first character, so an error has its own status."
          + " A client that disconnects frees its slot.";

  private static final String FIRST_EVENT = "{\"index\":0,\"text\":\"T\"}";
  private static final String LAST_EVENT =
      "{\"index\":0,\"text\":\"\",\"finish_reason\":\"length\",\"model_version\":\"embedded\","
          + "\"seed\":42,\"usage\":{\"prompt_tokens\":6,\"completion_tokens\":1,"
          + "\"total_tokens\":7},\"metrics\":{\"queue_seconds\":0.0002,"
          + "\"time_to_first_token_seconds\":0.0031,\"duration_seconds\":0.0031}}";

  private final GenerationService generations;
  private final GenerationLimits limits;
  private final RandomGenerator random;
  private final SavedStateCodec codec;
  private final GenerateBody emptyBody;

  /** Creates the route; {@code json} reads the defaults of an absent body. */
  GenerateResource(
      GenerationService generations,
      GenerationLimits limits,
      RandomGenerator random,
      SavedStateCodec codec,
      ObjectMapper json) {
    this.generations = generations;
    this.limits = limits;
    this.random = random;
    this.codec = codec;
    this.emptyBody = json.convertValue(Map.of(), GenerateBody.class);
  }

  /** Streams server-sent events. */
  @POST
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(operationId = "generate", summary = SUMMARY, description = DESCRIPTION)
  @Parameter(
      name = ResponseHeaders.REQUEST_ID,
      in = ParameterIn.HEADER,
      description =
          "An id for the access log and the response: 1 to 128 letters, digits or `._:/+=-`.",
      schema = @Schema(implementation = String.class),
      example = "chat-17")
  @APIResponse(
      responseCode = "200",
      description =
          "The completed text, or a stream while the service generates. The schema of"
              + " `text/event-stream` and `application/x-ndjson` is that of one event.",
      headers = {
        @Header(
            name = ResponseHeaders.MODEL_VERSION,
            description = "The version of the checkpoint that generates all of the text.",
            schema = @Schema(implementation = String.class)),
        @Header(
            name = ResponseHeaders.REQUEST_ID,
            description =
                "The `X-Request-Id` of the request if it has 1 to 128 letters, digits or `._:/+=-`,"
                    + " otherwise a new one.",
            schema = @Schema(implementation = String.class))
      },
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = GenerateAnswer.class)),
        @Content(
            mediaType = MediaType.SERVER_SENT_EVENTS,
            schema = @Schema(implementation = GenerateEvent.class),
            examples = {
              @ExampleObject(name = "first", value = FIRST_EVENT),
              @ExampleObject(name = "last", value = LAST_EVENT)
            }),
        @Content(
            mediaType = MediaTypes.NDJSON,
            schema = @Schema(implementation = GenerateEvent.class)),
        @Content(
            mediaType = MediaType.TEXT_PLAIN,
            schema = @Schema(implementation = String.class),
            examples = @ExampleObject(name = "characters", value = "\nWhat say you?"))
      })
  public Uni<RestResponse<CharacterStream>> events(
      @RequestBody(
              description =
                  "The prompt and the parameters. Without a body, each field has its default.",
              required = false)
          GenerateBody body,
      RoutingContext http) {
    return stream(body, http, ResponseFormat.EVENTS);
  }

  /** Streams one JSON object per line. */
  @POST
  @Produces(MediaTypes.NDJSON)
  @Operation(hidden = true) // events() documents every format
  public Uni<RestResponse<CharacterStream>> lines(GenerateBody body, RoutingContext http) {
    return stream(body, http, ResponseFormat.LINES);
  }

  /** Streams raw characters. */
  @POST
  @Produces(MediaType.TEXT_PLAIN)
  @Operation(hidden = true) // events() documents every format
  public Uni<RestResponse<CharacterStream>> characters(GenerateBody body, RoutingContext http) {
    return stream(body, http, ResponseFormat.CHARACTERS);
  }

  /** Returns the completed generation. */
  @POST
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(hidden = true) // events() documents every format
  public Uni<RestResponse<GenerateAnswer>> completed(GenerateBody body, RoutingContext http) {
    return GenerationService.completed(submit(body, false, http))
        .onFailure(RejectedException.class)
        .transform(e -> nameStateField(body, e))
        .map(completed -> GenerateAnswer.of(completed, codec))
        .map(answer -> respond(answer.modelVersion(), answer));
  }

  private Uni<RestResponse<CharacterStream>> stream(
      GenerateBody body, RoutingContext http, ResponseFormat format) {
    GenerationStream stream = submit(body, true, http);
    return GenerationService.started(stream)
        .onFailure(RejectedException.class)
        .transform(e -> nameStateField(body, e))
        .map(
            started ->
                respond(
                    started.modelVersion(),
                    new CharacterStream(List.of(stream), format.encoder(codec))));
  }

  private static <T> RestResponse<T> respond(String modelVersion, T body) {
    return ResponseHeaders.unbuffered(body)
        .header(ResponseHeaders.MODEL_VERSION, modelVersion)
        .build();
  }

  private GenerationStream submit(GenerateBody body, boolean streams, RoutingContext http) {
    GenerateBody present = Defaults.or(body, emptyBody);
    Optional<SavedState> resumeFrom = Optional.ofNullable(present.state()).map(codec::read);
    return generations.submit(present.toRequest(limits, random, resumeFrom), streams, http);
  }

  /**
   * Makes the rejection of an unknown model name the field {@code state} if the request has one,
   * because the client named no model.
   */
  private static Throwable nameStateField(GenerateBody body, Throwable rejected) {
    boolean gone =
        rejected instanceof RejectedException e
            && e.rejection() instanceof Rejection.UnknownModel
            && body != null
            && body.state() != null;
    if (!gone) {
      return rejected;
    }
    return new ProblemException(
        Problem.of(
                Response.Status.GONE,
                "state_model_gone",
                "the checkpoint that computed state is no longer loaded; send the text as a prompt"
                    + " instead")
            .about(
                "state",
                Problem.shorten(body.state()),
                "a state of a model that GET /models lists"));
  }
}
