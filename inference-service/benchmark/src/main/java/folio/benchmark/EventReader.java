package folio.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Reads server-sent events from chunks of bytes, only as far as counting needs: the reader shares
 * the cores with what it measures. Owned by one thread.
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
   * Goes on reading.
   *
   * @param events is given the number of characters of every event that has some
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

  /** Whether {@code [DONE]} came. */
  boolean done() {
    return done;
  }

  /** The first event that is no text, or null. */
  String error() {
    return error;
  }

  private void readLine(IntConsumer events) {
    if (length == 0) {
      return;
    }
    if (holds(DONE, 0) && length == DONE.length) {
      done = true;
      return;
    }
    int text = holds(DATA, 0) ? find(TEXT) : -1;
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
      lookClosely();
    }
    if (characters > 0) {
      events.accept(characters);
    }
  }

  private boolean isFirstByteOfCharacter(int at) {
    boolean continuation = (line[at] & 0xC0) == 0x80;
    return !continuation && !isLowSurrogate(at);
  }

  /** The second half of a character that JSON writes as two escapes. */
  private boolean isLowSurrogate(int at) {
    return line[at] == '\\'
        && line[at + 1] == 'u'
        && (line[at + 2] == 'd' || line[at + 2] == 'D')
        && "cdefCDEF".indexOf(line[at + 3]) >= 0;
  }

  private int escapeLength(int at) {
    return line[at + 1] == 'u' ? 6 : 2;
  }

  private boolean holds(byte[] part, int at) {
    return length - at >= part.length
        && Arrays.equals(line, at, at + part.length, part, 0, part.length);
  }

  /** Where a part ends, or -1. */
  private int find(byte[] part) {
    for (int i = 0; i <= length - part.length; i++) {
      if (line[i] == part[0] && holds(part, i)) {
        return i + part.length;
      }
    }
    return -1;
  }

  /** An event with more than its text, the last one above all. */
  private void lookClosely() {
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
