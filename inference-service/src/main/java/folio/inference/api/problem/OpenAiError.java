package folio.inference.api.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import folio.inference.generation.Rejection;
import jakarta.ws.rs.core.Response.Status;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A problem in the shape that OpenAI's clients read, for every path below {@code /v1}. */
@Schema(name = "OpenAiError", description = "An error in the shape that OpenAI's clients read.")
@JsonInclude(JsonInclude.Include.ALWAYS)
public record OpenAiError(@Schema(description = "The error itself.") Detail error) {
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
  @Schema(description = "The error itself.")
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Detail(
      @Schema(
              description = "A sentence for a person: what is wrong, and what is legal.",
              examples = "temperature is 3.0; it must be 0 (greedy), or 0.01 to 2.0")
          String message,
      @Schema(
              description = "invalid_request_error, rate_limit_error or server_error.",
              examples = "invalid_request_error")
          String type,
      @Schema(
              description = "The invalid field; null if the error concerns no single field.",
              examples = "temperature",
              nullable = true)
          String param,
      @Schema(
              description =
                  "A code for programs: the reason of the problem document, or model_not_found for"
                      + " unknown_model.",
              examples = "out_of_range")
          String code) {}

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
