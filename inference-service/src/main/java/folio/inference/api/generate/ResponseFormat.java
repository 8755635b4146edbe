package folio.inference.api.generate;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.http.EventFraming;
import folio.inference.api.http.StreamEncoder;
import folio.inference.generation.GenerationEvent;
import java.nio.charset.StandardCharsets;

/** The format of a streamed answer to {@code POST /generate}. */
enum ResponseFormat {
  /** Server-sent events; {@code [DONE]} follows the last one. */
  EVENTS {
    @Override
    String encode(GenerationEvent event, SavedStateCodec codec, ObjectMapper json) {
      return EventFraming.serverSentEvent(GenerateEvent.of(event, codec), json);
    }

    @Override
    String end() {
      return EventFraming.DONE;
    }
  },
  /** One JSON object per line. */
  LINES {
    @Override
    String encode(GenerationEvent event, SavedStateCodec codec, ObjectMapper json) {
      return EventFraming.line(GenerateEvent.of(event, codec), json);
    }
  },
  /** The raw characters and nothing else; the format cannot express an error. */
  CHARACTERS {
    @Override
    String encode(GenerationEvent event, SavedStateCodec codec, ObjectMapper json) {
      return event instanceof GenerationEvent.Text text ? text.text() : "";
    }
  };

  /** Returns an event in this format; empty if the format does not show the event. */
  abstract String encode(GenerationEvent event, SavedStateCodec codec, ObjectMapper json);

  /** Returns the text after the last event. */
  String end() {
    return "";
  }

  /**
   * Returns an encoder of one generation in this format.
   *
   * @param codec the writer of the state that the generation ends in
   */
  StreamEncoder encoder(SavedStateCodec codec) {
    return new StreamEncoder() {
      @Override
      public byte[] encode(int index, GenerationEvent event, ObjectMapper json) {
        return ResponseFormat.this.encode(event, codec, json).getBytes(StandardCharsets.UTF_8);
      }

      @Override
      public byte[] end(ObjectMapper json) {
        return ResponseFormat.this.end().getBytes(StandardCharsets.UTF_8);
      }
    };
  }
}
