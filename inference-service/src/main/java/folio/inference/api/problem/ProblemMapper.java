package folio.inference.api.problem;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import folio.inference.generation.RejectedException;
import folio.inference.generation.Rejection;
import folio.model.sampling.OutOfRangeException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** The one table from exception to status and problem document. */
public final class ProblemMapper {
  private static final Logger LOG = Logger.getLogger(ProblemMapper.class);
  private static final int LONGEST_VALUE = 80;
  private static final int LONGEST_DETAIL = 300;

  /** How Jackson's messages quote a value that they keep nowhere else. */
  private static final Pattern TOLD_VALUE = Pattern.compile(" value \\(([^)`]+)\\)");

  private static final String BAD_REQUEST = "Bad Request";

  /** A parameter out of its range. */
  @ServerExceptionMapper
  public Response map(OutOfRangeException e) {
    return answer(
        Problem.of(400, BAD_REQUEST, "out_of_range", cut(e.getMessage(), LONGEST_DETAIL))
            .about(e.field(), cut(String.valueOf(e.value())), e.legal()));
  }

  /** A request that was not run. */
  @ServerExceptionMapper
  public Response map(RejectedException e) {
    Rejection rejection = e.rejection();
    String reason = rejection.reason();
    String detail = cut(rejection.message(), LONGEST_DETAIL);
    if (rejection instanceof Rejection.UnknownCharacter unknown) {
      return answer(unknownCharacter("prompt", unknown));
    }
    if (rejection instanceof Rejection.UnknownModel unknown) {
      return answer(
          Problem.of(404, "Not Found", reason, detail)
              .about("model", cut(unknown.version()), "current, or a resident version"));
    }
    if (rejection instanceof Rejection.QueueFull full) {
      return later(Problem.of(429, "Too Many Requests", reason, detail), full.retryAfter());
    }
    if (rejection instanceof Rejection.WaitedTooLong waited) {
      return later(Problem.of(429, "Too Many Requests", reason, detail), waited.retryAfter());
    }
    return later(Problem.of(503, "Service Unavailable", reason, detail), Duration.ofSeconds(1));
  }

  /** A text with a character that the model does not know. */
  public static Problem unknownCharacter(String field, Rejection.UnknownCharacter unknown) {
    return Problem.of(
            400,
            BAD_REQUEST,
            unknown.reason(),
            cut(field + ": " + unknown.message(), LONGEST_DETAIL))
        .about(
            field,
            unknown.character(),
            "characters of the model, see GET /models; this one is at position "
                + unknown.position());
  }

  /** A request that said itself what its problem is. */
  @ServerExceptionMapper
  public Response map(ProblemException e) {
    return answer(e.problem());
  }

  /** A body that is JSON, but not of the right shape. */
  @ServerExceptionMapper
  public Response map(MismatchedInputException e) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      String known =
          unknown.getKnownPropertyIds().stream()
              .map(String::valueOf)
              .sorted()
              .collect(Collectors.joining(", "));
      String field = cut(unknown.getPropertyName());
      return answer(
          Problem.of(400, BAD_REQUEST, "unknown_field", "there is no field " + field)
              .about(field, null, known));
    }
    String type = e.getTargetType() == null ? "" : e.getTargetType().getSimpleName();
    String legal = typeName(type);
    return answer(
        Problem.of(400, BAD_REQUEST, "wrong_type", path(e) + " must be " + legal)
            .about(path(e), given(e), legal));
  }

  /** A body that is not JSON, or a number that no computer word holds. */
  @ServerExceptionMapper
  public Response map(JsonProcessingException e) {
    if (e instanceof MismatchedInputException mismatch) {
      return map(mismatch);
    }
    String field = e instanceof JsonMappingException mapping ? path(mapping) : "the body";
    if (e.getCause() instanceof InputCoercionException || e instanceof InputCoercionException) {
      String legal = "a number of an ordinary size";
      return answer(
          Problem.of(400, BAD_REQUEST, "out_of_range", field + " must be " + legal)
              .about(field, given(e), legal));
    }
    return answer(
        Problem.of(
            400,
            BAD_REQUEST,
            "malformed_json",
            field + " cannot be read: " + cut(e.getOriginalMessage())));
  }

  /** What JAX-RS refuses: unknown paths, methods and media types, bodies that cannot be read. */
  @ServerExceptionMapper
  public Response map(WebApplicationException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof JsonProcessingException json) {
        return map(json);
      }
    }
    Response.StatusType status = e.getResponse().getStatusInfo();
    return answer(
        Problem.of(
            status.getStatusCode(),
            status.getReasonPhrase(),
            status.getReasonPhrase().toLowerCase(Locale.ROOT).replace(' ', '_'),
            e.getMessage()));
  }

  /** What should not happen. */
  @ServerExceptionMapper
  public Response map(Throwable e) {
    LOG.error("a request failed", e);
    return answer(
        Problem.of(
            500, "Internal Server Error", "internal", "the service failed; it has logged why"));
  }

  private static Response later(Problem problem, Duration after) {
    return Response.fromResponse(answer(problem))
        .header("Retry-After", Math.max(1, after.toSeconds()))
        .build();
  }

  private static Response answer(Problem problem) {
    return Response.status(problem.status()).type(Problem.MEDIA_TYPE).entity(problem).build();
  }

  /** What stands where the reader gave up, as far as it tells; else null. */
  private static String given(JsonProcessingException e) {
    if (e instanceof InvalidFormatException invalid && invalid.getValue() != null) {
      return cut(String.valueOf(invalid.getValue()));
    }
    Matcher told = TOLD_VALUE.matcher(String.valueOf(e.getOriginalMessage()));
    return told.find() ? cut(told.group(1)) : null;
  }

  private static String path(JsonMappingException e) {
    String path =
        e.getPath().stream()
            .map(part -> part.getFieldName() == null ? "[]" : part.getFieldName())
            .collect(Collectors.joining("."));
    return path.isEmpty() ? "the body" : cut(path);
  }

  private static String typeName(String javaType) {
    return switch (javaType) {
      case "Integer", "Long", "int", "long" -> "a whole number";
      case "Double", "double" -> "a number";
      case "Boolean", "boolean" -> "true or false";
      case "String" -> "a text";
      case "List", "ArrayList" -> "a list of texts";
      default -> "a JSON object";
    };
  }

  /** The begin of what a client has sent. */
  public static String cut(String text) {
    return cut(text, LONGEST_VALUE);
  }

  private static String cut(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most) + "…";
  }
}
