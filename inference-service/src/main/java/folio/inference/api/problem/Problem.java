package folio.inference.api.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import jakarta.ws.rs.core.Response.StatusType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * A problem document: the body of an error answer, except below {@code /v1} (see {@link
 * OpenAiError}).
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(
    description = "An error, described as in RFC 9457.",
    examples =
        "{\"type\": \"about:blank\", \"title\": \"Bad Request\", \"status\": 400, \"detail\":"
            + " \"temperature is 3.0; it must be 0 (greedy), or 0.01 to 2.0\", \"reason\":"
            + " \"out_of_range\", \"field\": \"temperature\", \"value\": \"3.0\", \"legal\": \"0"
            + " (greedy), or 0.01 to 2.0\"}")
public record Problem(
    @Schema(description = "Always about:blank; the status identifies the type.") String type,
    @Schema(description = "The standard name of the status.") String title,
    @Schema(description = "The HTTP status, 400 to 503.") int status,
    @Schema(description = "A sentence for a person: what is wrong, and what is legal.")
        String detail,
    @Schema(description = "A stable code for programs, in snake case.") String reason,
    @Schema(description = "The invalid field, if the error concerns one field.") String field,
    @Schema(description = "The value of the field, or its first 80 characters.") String value,
    @Schema(description = "The legal values of the field.") String legal) {

  /** The media type of problem documents. */
  public static final String MEDIA_TYPE = "application/problem+json";

  private static final String TYPE = "about:blank";

  /** The largest number of characters of a client's value that a problem document quotes. */
  private static final int MAX_VALUE_LENGTH = 80;

  /**
   * Returns a problem that concerns no single field.
   *
   * @param status the HTTP status and its standard title
   * @param reason a code for programs, in snake case
   * @param detail a sentence for a person
   */
  public static Problem of(StatusType status, String reason, String detail) {
    return of(status.getStatusCode(), status.getReasonPhrase(), reason, detail);
  }

  /** Returns a problem whose title is not the one that JAX-RS has for its status. */
  public static Problem of(int status, String title, String reason, String detail) {
    return new Problem(TYPE, title, status, detail, reason, null, null, null);
  }

  /** Returns this problem as one that concerns a field; each argument may be null. */
  public Problem about(String otherField, String otherValue, String otherLegal) {
    return new Problem(type, title, status, detail, reason, otherField, otherValue, otherLegal);
  }

  /**
   * Returns the beginning of a value that a client sent, so that an answer never echoes a large
   * request.
   */
  public static String shorten(String value) {
    return shorten(value, MAX_VALUE_LENGTH);
  }

  /** Returns a text, or its first {@code maxLength} UTF-16 units and an ellipsis. */
  static String shorten(String text, int maxLength) {
    return text.length() <= maxLength ? text : text.substring(0, maxLength) + "…";
  }
}
