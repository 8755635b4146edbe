package folio.inference.api.generate;

import folio.inference.api.http.CharacterStream;
import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
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
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.headers.Header;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;

/**
 * {@code POST /generate}. {@code Accept} alone picks the form. No form answers 200 before the
 * request has its first character, so that every refusal has a status of its own.
 */
@Path("/generate")
@Tag(name = "generate", description = "Text from the model that serves.")
@Consumes(MediaType.APPLICATION_JSON)
@APIResponse(
    responseCode = "400",
    description =
        "A field is out of its range, unknown or of a wrong type, or the prompt has a"
            + " character that the model does not know. The problem names field, value and range.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "404",
    description = "No model of the version in `model` is resident.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "406",
    description = "None of the types in `Accept` is offered.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "408",
    description = "The body did not come to its end in time; the connection is closed.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "410",
    description = "The checkpoint of `state` is no longer loaded.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "413",
    description = "The body is larger than the service accepts.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "415",
    description = "The body is not `application/json`.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "401",
    description = "The service wants a key, and the one given is not known.",
    headers = @Header(name = "WWW-Authenticate", description = "Bearer"),
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "429",
    description =
        "As many requests wait as may, this one waited too long, or its client sends more than it"
            + " may.",
    headers = @Header(name = "Retry-After", description = "Seconds until it may go better."),
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "500",
    description = "The engine failed before the first character.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
@APIResponse(
    responseCode = "503",
    description =
        "No model is loaded yet, the service is shutting down, or too many connections are open.",
    headers = @Header(name = "Retry-After", description = "Seconds until it may go better."),
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
public final class GenerateResource {
  private static final String NDJSON = "application/x-ndjson";

  /** Every media type of an answer, the preferred one first. */
  public static final List<String> FORMS =
      List.of(
          MediaType.SERVER_SENT_EVENTS, NDJSON, MediaType.TEXT_PLAIN, MediaType.APPLICATION_JSON);

  private static final String SUMMARY = "Generate text";
  private static final String DESCRIPTION =
      "Goes on from a prompt, character by character. `Accept` picks the form: `text/event-stream`"
          + " (also without an `Accept`), `application/x-ndjson`, `text/plain` (the raw characters)"
          + " or `application/json` (one answer at the end). A client that goes away frees its slot.";

  private final Generations generations;
  private final GenerationLimits limits;
  private final RandomGenerator random;
  private final SavedStateTokens states;

  /** With what runs requests, and what writes the states that they stop in. */
  GenerateResource(
      Generations generations,
      GenerationLimits limits,
      RandomGenerator random,
      SavedStateTokens states) {
    this.generations = generations;
    this.limits = limits;
    this.random = random;
    this.states = states;
  }

  /** As server-sent events. */
  @POST
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(operationId = "generate", summary = SUMMARY, description = DESCRIPTION)
  @APIResponse(
      responseCode = "200",
      description = "Events while the text is written, or the whole of it.",
      headers = {
        @Header(name = "X-Model-Version", description = "The checkpoint that writes all of it."),
        @Header(name = "X-Request-Id", description = "Yours if you sent one.")
      },
      content = {
        @Content(
            mediaType = MediaType.SERVER_SENT_EVENTS,
            schema = @Schema(implementation = GenerateEvent.class)),
        @Content(mediaType = NDJSON, schema = @Schema(implementation = GenerateEvent.class)),
        @Content(mediaType = MediaType.TEXT_PLAIN, schema = @Schema(implementation = String.class)),
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = GenerateAnswer.class))
      })
  public Uni<RestResponse<CharacterStream>> events(GenerateBody body, RoutingContext http) {
    return stream(body, http, ResponseFormat.EVENTS);
  }

  /** As one JSON object a line. */
  @POST
  @Produces(NDJSON)
  @Operation(hidden = true) // documented with the first form
  public Uni<RestResponse<CharacterStream>> lines(GenerateBody body, RoutingContext http) {
    return stream(body, http, ResponseFormat.LINES);
  }

  /** As raw characters. */
  @POST
  @Produces(MediaType.TEXT_PLAIN)
  @Operation(hidden = true) // documented with the first form
  public Uni<RestResponse<CharacterStream>> characters(GenerateBody body, RoutingContext http) {
    return stream(body, http, ResponseFormat.CHARACTERS);
  }

  /** As one answer. */
  @POST
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(hidden = true) // documented with the first form
  public Uni<RestResponse<GenerateAnswer>> whole(GenerateBody body, RoutingContext http) {
    return Generations.whole(submit(body, http))
        .onFailure(RejectedException.class)
        .transform(e -> aboutState(body, e))
        .map(whole -> GenerateAnswer.of(whole, states))
        .map(answer -> respond(answer.modelVersion(), answer));
  }

  private Uni<RestResponse<CharacterStream>> stream(
      GenerateBody body, RoutingContext http, ResponseFormat form) {
    GenerationStream stream = submit(body, http);
    return Generations.started(stream)
        .onFailure(RejectedException.class)
        .transform(e -> aboutState(body, e))
        .map(
            started ->
                respond(
                    started.modelVersion(),
                    new CharacterStream(List.of(stream), form.encoder(states))));
  }

  private static <T> RestResponse<T> respond(String modelVersion, T body) {
    return RestResponse.ResponseBuilder.ok(body)
        .header("X-Model-Version", modelVersion)
        .header("X-Accel-Buffering", "no")
        .header("Cache-Control", "no-cache")
        .build();
  }

  private GenerationStream submit(GenerateBody body, RoutingContext http) {
    GenerateBody given =
        body != null
            ? body
            : new GenerateBody(
                null, null, null, null, null, null, null, null, null, null, null, null, null, null);
    SavedState from = given.state() == null ? null : states.read(given.state());
    return generations.submit(given.toRequest(limits, random, from), http);
  }

  /** Who goes on from a state asked for no model by name. */
  private static Throwable aboutState(GenerateBody body, Throwable refused) {
    boolean gone =
        refused instanceof RejectedException e
            && e.rejection() instanceof Rejection.UnknownModel
            && body != null
            && body.state() != null;
    if (!gone) {
      return refused;
    }
    return new ProblemException(
        Problem.of(
                Response.Status.GONE,
                "state_model_gone",
                "state is of a checkpoint that is no longer loaded; generate from the text instead")
            .about("state", Problem.shorten(body.state()), "one of a model in GET /models"));
  }
}
