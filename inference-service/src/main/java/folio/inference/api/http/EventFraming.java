package folio.inference.api.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * The framing of events in a stream. Events are JSON, so a line break or a space inside their text
 * cannot be taken for the framing.
 */
public final class EventFraming {
  /** The last line of every stream of server-sent events. */
  public static final String DONE = "data: [DONE]\n\n";

  private EventFraming() {}

  /** Returns a server-sent event. */
  public static String serverSentEvent(Object event, ObjectMapper json) {
    return "data: " + write(event, json) + "\n\n";
  }

  /** Returns a line of NDJSON. */
  public static String line(Object event, ObjectMapper json) {
    return write(event, json) + "\n";
  }

  private static String write(Object event, ObjectMapper json) {
    try {
      return json.writeValueAsString(event);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Jackson cannot write " + event.getClass().getName(), e);
    }
  }
}
