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
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** The table from exception to status and problem document, for every JAX-RS resource. */
public final class ProblemMapper {
  /** The reason of an error that is the service's fault. */
  static final String INTERNAL_ERROR = "internal";

  private static final Logger LOG = Logger.getLogger(ProblemMapper.class);

  /** The largest number of characters of a detail that may quote the client's own text. */
  private static final int MAX_DETAIL_LENGTH = 300;

  /** The invalid value in Jackson's messages, where the exception has it nowhere else. */
  private static final Pattern QUOTED_VALUE = Pattern.compile(" value \\(([^)`]+)\\)");

  private static final String OUT_OF_RANGE = "out_of_range";
  private static final String BODY = "the body";

  /** Maps a parameter out of its range to 400. */
  @ServerExceptionMapper
  public Response map(OutOfRangeException e) {
    return answer(
        Problem.of(Status.BAD_REQUEST, OUT_OF_RANGE, shortenDetail(e.getMessage()))
            .about(e.field(), Problem.shorten(String.valueOf(e.value())), e.legal()));
  }

  /** Maps a request that the engine rejected to 400, 404, 429 or 503. */
  @ServerExceptionMapper
  public Response map(RejectedException e) {
    Rejection rejection = e.rejection();
    String reason = rejection.reason();
    String detail = shortenDetail(rejection.message());
    if (rejection instanceof Rejection.UnknownCharacter unknown) {
      return answer(unknownCharacter("prompt", unknown));
    }
    if (rejection instanceof Rejection.UnknownModel unknown) {
      return answer(
          Problem.of(Status.NOT_FOUND, reason, detail)
              .about(
                  "model", Problem.shorten(unknown.version()), "current, or a resident version"));
    }
    if (rejection instanceof Rejection.QueueFull full) {
      return retryLater(Problem.of(Status.TOO_MANY_REQUESTS, reason, detail), full.retryAfter());
    }
    if (rejection instanceof Rejection.WaitedTooLong waited) {
      return retryLater(Problem.of(Status.TOO_MANY_REQUESTS, reason, detail), waited.retryAfter());
    }
    return retryLater(
        Problem.of(Status.SERVICE_UNAVAILABLE, reason, detail), Duration.ofSeconds(1));
  }

  /** Returns the problem of a text with a character that the model's vocabulary lacks. */
  public static Problem unknownCharacter(String field, Rejection.UnknownCharacter unknown) {
    return Problem.of(
            Status.BAD_REQUEST, unknown.reason(), shortenDetail(field + ": " + unknown.message()))
        .about(
            field,
            unknown.character(),
            "characters of the model, see GET /models; this one is at position "
                + unknown.position());
  }

  /** Maps an exception that carries its own problem to that problem. */
  @ServerExceptionMapper
  public Response map(ProblemException e) {
    return answer(e.problem());
  }

  /** Maps a body that is JSON, but has an unknown field or a value of the wrong type, to 400. */
  @ServerExceptionMapper
  public Response map(MismatchedInputException e) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      String known =
          unknown.getKnownPropertyIds().stream()
              .map(String::valueOf)
              .sorted()
              .collect(Collectors.joining(", "));
      String field = Problem.shorten(unknown.getPropertyName());
      return answer(
          Problem.of(
                  Status.BAD_REQUEST,
                  "unknown_field",
                  "there is no field " + field + "; the fields are " + known)
              .about(field, null, known));
    }
    String type = e.getTargetType() == null ? "" : e.getTargetType().getSimpleName();
    String legal = typeName(type);
    return answer(illegal("wrong_type", path(e), invalidValue(e), legal));
  }

  /** Maps a body that is not JSON, or has a number that no Java type holds, to 400. */
  @ServerExceptionMapper
  public Response map(JsonProcessingException e) {
    if (e instanceof MismatchedInputException mismatch) {
      return map(mismatch);
    }
    String field = e instanceof JsonMappingException mapping ? path(mapping) : BODY;
    Throwable cause = e instanceof InputCoercionException ? e : e.getCause();
    if (cause instanceof InputCoercionException overflow) {
      boolean isLong = overflow.getTargetType() == long.class;
      String legal =
          isLong
              ? Long.MIN_VALUE + " to " + Long.MAX_VALUE
              : Integer.MIN_VALUE + " to " + Integer.MAX_VALUE;
      return answer(illegal(OUT_OF_RANGE, field, invalidValue(e), legal));
    }
    return answer(
        Problem.of(
            Status.BAD_REQUEST,
            "malformed_json",
            field + " cannot be read: " + Problem.shorten(e.getOriginalMessage())));
  }

  /** Maps what JAX-RS rejects: unknown paths, methods and media types, and unreadable bodies. */
  @ServerExceptionMapper
  public Response map(WebApplicationException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof JsonProcessingException json) {
        return map(json);
      }
    }
    Response.StatusType status = e.getResponse().getStatusInfo();
    String reason = status.getReasonPhrase().toLowerCase(Locale.ROOT).replace(' ', '_');
    return answer(Problem.of(status, reason, e.getMessage()));
  }

  /** Maps every other exception to 500 and logs it. */
  @ServerExceptionMapper
  public Response map(Throwable e) {
    LOG.error("Request failed", e);
    return answer(
        Problem.of(
            Status.INTERNAL_SERVER_ERROR,
            INTERNAL_ERROR,
            "the service failed; its log has the cause"));
  }

  /** Returns the problem of a field; its value is null if the exception does not have it. */
  private static Problem illegal(String reason, String field, String value, String legal) {
    String detail = value == null ? field : field + " is " + value + "; it";
    return Problem.of(Status.BAD_REQUEST, reason, detail + " must be " + legal)
        .about(field, value, legal);
  }

  private static Response retryLater(Problem problem, Duration after) {
    return Response.fromResponse(answer(problem))
        .header(HttpHeaders.RETRY_AFTER, Math.max(1, after.toSeconds()))
        .build();
  }

  private static Response answer(Problem problem) {
    return Response.status(problem.status()).type(Problem.MEDIA_TYPE).entity(problem).build();
  }

  private static String shortenDetail(String detail) {
    return Problem.shorten(detail, MAX_DETAIL_LENGTH);
  }

  /** Returns the value at which Jackson stopped, or null if the exception does not have it. */
  private static String invalidValue(JsonProcessingException e) {
    if (e instanceof InvalidFormatException invalid && invalid.getValue() != null) {
      return Problem.shorten(String.valueOf(invalid.getValue()));
    }
    Matcher quoted = QUOTED_VALUE.matcher(String.valueOf(e.getOriginalMessage()));
    return quoted.find() ? Problem.shorten(quoted.group(1)) : null;
  }

  /** Returns the path of the field at which Jackson stopped, such as {@code stop[2]}. */
  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference part : e.getPath()) {
      if (part.getFieldName() == null) {
        path.append('[').append(part.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(part.getFieldName());
      }
    }
    return path.isEmpty() ? BODY : Problem.shorten(path.toString());
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
}
