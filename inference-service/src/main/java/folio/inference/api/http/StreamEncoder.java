package folio.inference.api.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.generation.GenerationEvent;

/** How the events of generations become the bytes of a body. Used by one event loop. */
public interface StreamEncoder {
  /**
   * The bytes of an event; none if the form does not show it.
   *
   * @param index which of the body's generations it belongs to
   */
  byte[] encode(int index, GenerationEvent event, ObjectMapper json);

  /** The bytes after the last event. */
  byte[] end(ObjectMapper json);
}
