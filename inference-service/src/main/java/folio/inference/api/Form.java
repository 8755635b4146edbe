package folio.inference.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.generation.GenerationEvent;
import java.nio.charset.StandardCharsets;

/** How a stream of events is written. Text inside JSON is encoded, so no space is ever lost. */
enum Form implements StreamEncoder {
  /** Server-sent events, closed by {@code [DONE]}. */
  EVENTS {
    @Override
    public byte[] encode(int index, GenerationEvent event, ObjectMapper json) {
      return utf8("data: " + write(event, json) + "\n\n");
    }

    @Override
    public byte[] end(ObjectMapper json) {
      return utf8(DONE);
    }
  },
  /** One JSON object a line. */
  LINES {
    @Override
    public byte[] encode(int index, GenerationEvent event, ObjectMapper json) {
      return utf8(write(event, json) + "\n");
    }
  },
  /** The characters and nothing else; there is no room for an error. */
  CHARACTERS {
    @Override
    public byte[] encode(int index, GenerationEvent event, ObjectMapper json) {
      return event instanceof GenerationEvent.Text text ? utf8(text.text()) : new byte[0];
    }
  };

  /** What ends every stream of server-sent events. */
  static final String DONE = "data: [DONE]\n\n";

  @Override
  public byte[] end(ObjectMapper json) {
    return new byte[0];
  }

  private static String write(GenerationEvent event, ObjectMapper json) {
    try {
      return json.writeValueAsString(WireEvent.of(event));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of numbers and text can be written", e);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
