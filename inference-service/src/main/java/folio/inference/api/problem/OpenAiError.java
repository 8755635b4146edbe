package folio.inference.api.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import folio.inference.generation.Rejection;
import jakarta.ws.rs.core.Response.Status;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A problem in the shape that OpenAI's clients read, for every path below {@code /v1}. */
@Schema(name = "OpenAiError")
@JsonInclude(JsonInclude.Include.ALWAYS)
public record OpenAiError(Detail error) {
  private static final int TOO_MANY_REQUESTS = Status.TOO_MANY_REQUESTS.getStatusCode();
  private static final int SERVER_ERROR = Status.INTERNAL_SERVER_ERROR.getStatusCode();

  /**
   * The error itself.
   *
   * @param message a sentence for a person
   * @param type invalid_request_error, rate_limit_error or server_error
   * @param param the invalid field, or null
   * @param code a code for a program: the reason of the problem document, except that an unknown
   *     model is {@code model_not_found}
   */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Detail(String message, String type, String param, String code) {}

  /** Returns whether errors of a path have this shape. */
  public static boolean appliesTo(String path) {
    return path.equals("/v1") || path.startsWith("/v1/");
  }

  static OpenAiError of(Problem problem) {
    String code =
        problem.reason().equals(Rejection.UNKNOWN_MODEL) ? "model_not_found" : problem.reason();
    return new OpenAiError(
        new Detail(problem.detail(), type(problem.status()), problem.field(), code));
  }

  /** Returns the last event of a stream whose generation failed in the engine. */
  public static OpenAiError failed(String message) {
    return new OpenAiError(
        new Detail(message, type(SERVER_ERROR), null, ProblemMapper.INTERNAL_ERROR));
  }

  private static String type(int status) {
    if (status >= SERVER_ERROR) {
      return "server_error";
    }
    return status == TOO_MANY_REQUESTS ? "rate_limit_error" : "invalid_request_error";
  }
}
