package folio.inference.api.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import folio.inference.generation.Rejection;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A problem in the shape that OpenAI's clients read, for every path below {@code /v1}. */
@Schema(name = "OpenAiError")
@JsonInclude(JsonInclude.Include.ALWAYS)
public record OpenAiError(Detail error) {
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int SERVER_ERRORS = 500;

  /**
   * What went wrong.
   *
   * @param message a sentence for a person
   * @param type invalid_request_error, rate_limit_error or server_error
   * @param param the field that is wrong, or null
   * @param code for a program: what a problem document calls its reason
   */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Detail(String message, String type, String param, String code) {}

  /** Whether a path is one that these clients use. */
  public static boolean isMeant(String path) {
    return path.equals("/v1") || path.startsWith("/v1/");
  }

  static OpenAiError of(Problem problem) {
    String code = problem.reason().equals(Rejection.UNKNOWN_MODEL) ? "model_not_found" : problem.reason();
    return new OpenAiError(
        new Detail(problem.detail(), type(problem.status()), problem.field(), code));
  }

  /** What ends a stream that the engine gave up. */
  public static OpenAiError failed(String message) {
    return new OpenAiError(new Detail(message, type(SERVER_ERRORS), null, "internal"));
  }

  private static String type(int status) {
    if (status >= SERVER_ERRORS) {
      return "server_error";
    }
    return status == TOO_MANY_REQUESTS ? "rate_limit_error" : "invalid_request_error";
  }
}
