package folio.inference.api.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * A problem document.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(
    description = "What went wrong, as RFC 9457 has it.",
    example =
        "{\"type\": \"about:blank\", \"title\": \"Bad Request\", \"status\": 400, \"detail\":"
            + " \"temperature is 3.0; legal: 0 (greedy), or 0.01 to 2.0\", \"reason\":"
            + " \"out_of_range\", \"field\": \"temperature\", \"value\": \"3.0\", \"legal\": \"0"
            + " (greedy), or 0.01 to 2.0\"}")
public record Problem(
    @Schema(description = "Always about:blank: the status says it.") String type,
    String title,
    int status,
    @Schema(description = "A sentence for a person.") String detail,
    @Schema(description = "For a program; also a label of the metrics.") String reason,
    @Schema(description = "The field that is wrong, if one is.") String field,
    @Schema(description = "Its value.") String value,
    @Schema(description = "Its legal range.") String legal) {

  /** The media type of problem documents. */
  public static final String MEDIA_TYPE = "application/problem+json";

  private static final String TYPE = "about:blank";

  public static Problem of(int status, String title, String reason, String detail) {
    return new Problem(TYPE, title, status, detail, reason, null, null, null);
  }

  public Problem about(String otherField, String otherValue, String otherLegal) {
    return new Problem(type, title, status, detail, reason, otherField, otherValue, otherLegal);
  }
}
