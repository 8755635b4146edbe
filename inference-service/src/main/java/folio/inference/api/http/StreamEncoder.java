package folio.inference.api.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.generation.GenerationEvent;

/** An encoder of generation events as the bytes of one body. One event loop calls it. */
public interface StreamEncoder {
  /**
   * Returns the bytes of an event; none if the format does not show it.
   *
   * @param index the index, among the body's generations, of the event's generation
   */
  byte[] encode(int index, GenerationEvent event, ObjectMapper json);

  /** Returns the bytes after the last event. */
  byte[] end(ObjectMapper json);
}
