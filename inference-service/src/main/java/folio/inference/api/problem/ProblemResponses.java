package folio.inference.api.problem;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.Components;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.headers.Header;
import org.eclipse.microprofile.openapi.models.media.Schema.SchemaType;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/**
 * The error responses of the OpenAPI document. Each is defined once, as a component; a resource
 * refers to it by its name: {@code @APIResponse(responseCode = "404", ref = UNKNOWN_MODEL)}.
 */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class ProblemResponses implements OASFilter {
  /** A body that is malformed or has a field out of its range. */
  public static final String BAD_REQUEST = "BadRequest";

  /** A request without a known API key. */
  public static final String UNAUTHORIZED = "Unauthorized";

  /** A model version that is not resident. */
  public static final String UNKNOWN_MODEL = "UnknownModel";

  /** A training run that the store does not have. */
  public static final String UNKNOWN_RUN = "UnknownRun";

  /** A method that the path does not have. */
  public static final String METHOD_NOT_ALLOWED = "MethodNotAllowed";

  /** An {@code Accept} header without an offered media type. */
  public static final String NOT_ACCEPTABLE = "NotAcceptable";

  /** A body that did not arrive in time. */
  public static final String REQUEST_TIMEOUT = "RequestTimeout";

  /** A saved state whose model is no longer loaded. */
  public static final String STATE_GONE = "StateGone";

  /** A body above the size limit. */
  public static final String BODY_TOO_LARGE = "BodyTooLarge";

  /** A body that is not JSON. */
  public static final String UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType";

  /** A full queue, a timeout in the queue, or a rate limit. */
  public static final String TOO_MANY_REQUESTS = "TooManyRequests";

  /** A failure of the engine. */
  public static final String ENGINE_FAILED = "EngineFailed";

  /** A body in a transfer encoding other than chunks. */
  public static final String UNKNOWN_TRANSFER_ENCODING = "UnknownTransferEncoding";

  /** A service that cannot take requests now. */
  public static final String UNAVAILABLE = "Unavailable";

  /** Any of the errors that {@code POST /generate} lists. */
  public static final String ANY_PROBLEM = "AnyProblem";

  /** The same in the shape that OpenAI's clients read. */
  public static final String ANY_OPENAI_ERROR = "AnyOpenAiError";

  /** {@link #BAD_REQUEST} in the shape that OpenAI's clients read. */
  public static final String OPENAI_BAD_REQUEST = "OpenAiBadRequest";

  /** {@link #UNAUTHORIZED} in the shape that OpenAI's clients read. */
  public static final String OPENAI_UNAUTHORIZED = "OpenAiUnauthorized";

  /** {@link #UNKNOWN_MODEL} in the shape that OpenAI's clients read. */
  public static final String OPENAI_UNKNOWN_MODEL = "OpenAiUnknownModel";

  private static final String STATUSES =
      "An error with the status 400, 401, 404, 405, 406, 408, 413, 415, 429, 500, 501 or 503; their causes"
          + " are those of POST /generate. 429 and 503 have a `Retry-After` header in seconds.";

  private static final String BAD_REQUEST_CAUSES =
      "A field is unknown, out of its range or of a wrong type, or the text has a character that the"
          + " model's vocabulary lacks.";

  private static final String UNAUTHORIZED_CAUSES =
      "The service requires an API key, and the request has none or an unknown one.";

  private static final String UNKNOWN_MODEL_CAUSES = "No loaded model has the requested version.";

  private static final String KEY = "apiKey";

  @Override
  public void filterOpenAPI(OpenAPI document) {
    if (document.getComponents() == null) {
      document.setComponents(OASFactory.createComponents());
    }
    Components components = document.getComponents();
    components.addResponse(
        BAD_REQUEST,
        problem(
            BAD_REQUEST_CAUSES
                + " The problem names the field, its value and its legal values. Or `state` is"
                + " forged, expired or malformed, or the headers or the body's encoding are invalid."));
    components.addResponse(
        UNAUTHORIZED,
        problem(UNAUTHORIZED_CAUSES).addHeader(HttpHeaders.WWW_AUTHENTICATE, bearer()));
    components.addResponse(UNKNOWN_MODEL, problem(UNKNOWN_MODEL_CAUSES));
    components.addResponse(UNKNOWN_RUN, problem("The store has no such training run."));
    components.addResponse(
        METHOD_NOT_ALLOWED,
        problem("The path does not have this method.")
            .addHeader(HttpHeaders.ALLOW, header("The methods of the path.", SchemaType.STRING)));
    components.addResponse(
        NOT_ACCEPTABLE, problem("The service offers none of the media types in `Accept`."));
    components.addResponse(
        REQUEST_TIMEOUT,
        problem(
            "The body did not end in time, 30 s by default. The service closes the connection."));
    components.addResponse(
        STATE_GONE, problem("The checkpoint that computed `state` is no longer loaded."));
    components.addResponse(
        BODY_TOO_LARGE, problem("The body exceeds the limit, 1 MiB by default."));
    components.addResponse(
        UNSUPPORTED_MEDIA_TYPE,
        problem(
            "The body is not `application/json`, or it is compressed by something else than gzip."));
    components.addResponse(
        TOO_MANY_REQUESTS,
        retryable(
            "The queue is full, the request waited in it for too long (30 s by default), or the"
                + " client exceeds the limits of its API key."));
    components.addResponse(ENGINE_FAILED, problem("The engine failed before the first character."));
    components.addResponse(
        UNKNOWN_TRANSFER_ENCODING,
        problem("`Transfer-Encoding` is something else than `chunked`."));
    components.addResponse(
        UNAVAILABLE,
        retryable(
            "No model is loaded yet, the service is shutting down, or the limit of connections or of"
                + " clients' memory is reached."));
    components.addResponse(ANY_PROBLEM, problem(STATUSES));
    components.addResponse(ANY_OPENAI_ERROR, openAiError(STATUSES));
    components.addResponse(OPENAI_BAD_REQUEST, openAiError(BAD_REQUEST_CAUSES));
    components.addResponse(
        OPENAI_UNAUTHORIZED,
        openAiError(UNAUTHORIZED_CAUSES).addHeader(HttpHeaders.WWW_AUTHENTICATE, bearer()));
    components.addResponse(OPENAI_UNKNOWN_MODEL, openAiError(UNKNOWN_MODEL_CAUSES));
    components.addSecurityScheme(
        KEY,
        OASFactory.createSecurityScheme()
            .type(SecurityScheme.Type.HTTP)
            .scheme("bearer")
            .description(
                "The client's API key, as `Authorization: Bearer KEY`. Only a service with a key file"
                    + " (`FOLIO_KEYS`) requires it."));
    document.addSecurityRequirement(OASFactory.createSecurityRequirement());
    document.addSecurityRequirement(OASFactory.createSecurityRequirement().addScheme(KEY));
  }

  private static Header bearer() {
    return header("Always Bearer.", SchemaType.STRING);
  }

  private static Header header(String description, SchemaType type) {
    return OASFactory.createHeader()
        .description(description)
        .schema(OASFactory.createSchema().addType(type));
  }

  private static APIResponse openAiError(String description) {
    return response(description, MediaType.APPLICATION_JSON, OpenAiError.class.getSimpleName());
  }

  private static APIResponse problem(String description) {
    return response(description, Problem.MEDIA_TYPE, Problem.class.getSimpleName());
  }

  private static APIResponse retryable(String description) {
    return problem(description)
        .addHeader(
            HttpHeaders.RETRY_AFTER,
            header(
                "The number of seconds after which to try again, 1 or more.", SchemaType.INTEGER));
  }

  private static APIResponse response(String description, String mediaType, String schema) {
    return OASFactory.createAPIResponse()
        .description(description)
        .content(
            OASFactory.createContent()
                .addMediaType(
                    mediaType,
                    OASFactory.createMediaType().schema(OASFactory.createSchema().ref(schema))));
  }
}
