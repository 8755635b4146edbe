package folio.benchmark.throughput;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * A reader of server-sent events that counts the characters of each event. Owned by one thread.
 *
 * <p>It shares the cores with the measured process, so it does not parse JSON: it finds the field
 * {@code text} in the bytes of an event and counts the characters up to the closing quote. Only an
 * event with further fields after its text, usually the last one, is parsed.
 */
final class EventReader {
  private static final JsonMapper JSON = new JsonMapper();
  private static final byte[] DATA = ascii("data: ");
  private static final byte[] DONE = ascii("data: [DONE]");
  private static final byte[] TEXT = ascii("\"text\":");

  private byte[] line = new byte[256];
  private int length;
  private boolean done;
  private String error;

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Reads the next bytes of the stream, which may begin and end within an event.
   *
   * @param events receives the number of characters of every event that has any
   */
  void read(byte[] chunk, IntConsumer events) {
    for (byte b : chunk) {
      if (b == '\n') {
        readLine(events);
        length = 0;
      } else {
        if (length == line.length) {
          line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = b;
      }
    }
  }

  /** Returns whether the stream has ended with {@code [DONE]}. */
  boolean done() {
    return done;
  }

  /** Returns the first line that is not an event or reports an error, or null. */
  String error() {
    return error;
  }

  private void readLine(IntConsumer events) {
    if (length == 0) {
      return;
    }
    if (startsWith(DONE, 0) && length == DONE.length) {
      done = true;
      return;
    }
    int text = startsWith(DATA, 0) ? endOf(TEXT) : -1;
    if (text < 0) {
      fail();
      return;
    }
    int begin = line[text] == ' ' ? text + 2 : text + 1; // after the opening quote
    int end = begin;
    int characters = 0;
    while (end < length && line[end] != '"') {
      characters += isFirstByteOfCharacter(end) ? 1 : 0;
      end += line[end] == '\\' ? escapeLength(end) : 1;
    }
    if (end != length - 2 || line[length - 1] != '}') {
      checkOtherFields();
    }
    if (characters > 0) {
      events.accept(characters);
    }
  }

  private boolean isFirstByteOfCharacter(int at) {
    boolean continuation = (line[at] & 0xC0) == 0x80;
    return !continuation && !isLowSurrogate(at);
  }

  /** Returns whether an escape is the second half of a character that JSON writes as two. */
  private boolean isLowSurrogate(int at) {
    return line[at] == '\\'
        && line[at + 1] == 'u'
        && (line[at + 2] == 'd' || line[at + 2] == 'D')
        && "cdefCDEF".indexOf(line[at + 3]) >= 0;
  }

  private int escapeLength(int at) {
    return line[at + 1] == 'u' ? 6 : 2;
  }

  private boolean startsWith(byte[] part, int at) {
    return length - at >= part.length
        && Arrays.equals(line, at, at + part.length, part, 0, part.length);
  }

  /** Returns the index after the first occurrence of a part in the line, or -1. */
  private int endOf(byte[] part) {
    for (int i = 0; i <= length - part.length; i++) {
      if (line[i] == part[0] && startsWith(part, i)) {
        return i + part.length;
      }
    }
    return -1;
  }

  /** Parses an event with further fields and records the event if it reports an error. */
  private void checkOtherFields() {
    try {
      JsonNode event = JSON.readTree(line, DATA.length, length - DATA.length);
      if (event.hasNonNull("error") || event.path("finish_reason").asText().equals("error")) {
        fail();
      }
    } catch (JsonProcessingException e) {
      fail();
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory can be read", e);
    }
  }

  private void fail() {
    if (error == null) {
      error = new String(line, 0, length, StandardCharsets.UTF_8);
    }
  }
}
