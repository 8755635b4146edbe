package folio.inference.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.generation.GenerationEvent;
import java.nio.charset.StandardCharsets;

/** How a stream of events is written. Text inside JSON is encoded, so no space is ever lost. */
enum Form {
  /** Server-sent events, closed by {@code [DONE]}. */
  EVENTS {
    @Override
    byte[] encode(GenerationEvent event, ObjectMapper json) {
      String done = event instanceof GenerationEvent.Text ? "" : "data: [DONE]\n\n";
      return utf8("data: " + write(event, json) + "\n\n" + done);
    }
  },
  /** One JSON object a line. */
  LINES {
    @Override
    byte[] encode(GenerationEvent event, ObjectMapper json) {
      return utf8(write(event, json) + "\n");
    }
  },
  /** The characters and nothing else; there is no room for an error. */
  CHARACTERS {
    @Override
    byte[] encode(GenerationEvent event, ObjectMapper json) {
      return event instanceof GenerationEvent.Text text ? utf8(text.text()) : new byte[0];
    }
  };

  /** The bytes of an event; none if this form does not show it. */
  abstract byte[] encode(GenerationEvent event, ObjectMapper json);

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
