package folio.inference.api.generate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.http.StreamEncoder;
import folio.inference.generation.GenerationEvent;
import java.nio.charset.StandardCharsets;

/** How a stream of events is written. Text inside JSON is encoded, so no space is ever lost. */
public enum ResponseFormat {
  /** Server-sent events, closed by {@code [DONE]}. */
  EVENTS {
    @Override
    String encode(GenerationEvent event, Writer json) {
      return "data: " + json.write(event) + "\n\n";
    }

    @Override
    String end() {
      return DONE;
    }
  },
  /** One JSON object a line. */
  LINES {
    @Override
    String encode(GenerationEvent event, Writer json) {
      return json.write(event) + "\n";
    }
  },
  /** The characters and nothing else; there is no room for an error. */
  CHARACTERS {
    @Override
    String encode(GenerationEvent event, Writer json) {
      return event instanceof GenerationEvent.Text text ? text.text() : "";
    }
  };

  /** What ends every stream of server-sent events. */
  public static final String DONE = "data: [DONE]\n\n";

  /** An event as JSON. */
  private interface Writer {
    String write(GenerationEvent event);
  }

  /** An event; nothing if this form does not show it. */
  abstract String encode(GenerationEvent event, Writer json);

  /** What follows the last event. */
  String end() {
    return "";
  }

  /**
   * Encodes a generation in this form.
   *
   * @param tokens writes the state that it stops in
   */
  StreamEncoder encoder(SavedStateTokens tokens) {
    return new StreamEncoder() {
      @Override
      public byte[] encode(int index, GenerationEvent event, ObjectMapper json) {
        return ResponseFormat.this
            .encode(event, each -> write(each, tokens, json))
            .getBytes(StandardCharsets.UTF_8);
      }

      @Override
      public byte[] end(ObjectMapper json) {
        return ResponseFormat.this.end().getBytes(StandardCharsets.UTF_8);
      }
    };
  }

  private static String write(GenerationEvent event, SavedStateTokens tokens, ObjectMapper json) {
    try {
      return json.writeValueAsString(GenerateEvent.of(event, tokens));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of numbers and text can be written", e);
    }
  }
}
