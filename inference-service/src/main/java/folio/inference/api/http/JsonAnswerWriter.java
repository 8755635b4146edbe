package folio.inference.api.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.inject.Provider;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.IOException;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Arrays;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/**
 * The writer of completed answers. It writes them in parts, at the pace of the client. (JAX-RS
 * would pass all bytes to the connection at once, for as long as the client takes to read them.)
 */
@jakarta.ws.rs.ext.Provider
public final class JsonAnswerWriter extends NonBlockingWriter<JsonAnswer> {
  private static final int PART_BYTES = 16 * 1024;

  private final ObjectMapper json;
  private final Provider<Duration> readTimeout;

  /**
   * Creates a writer that uses the mapper of all other answers.
   *
   * @param readTimeout the longest time that written bytes wait for their client
   */
  JsonAnswerWriter(
      ObjectMapper json,
      @ConfigProperty(name = "folio.limits.idle-timeout") Provider<Duration> readTimeout) {
    super(JsonAnswer.class);
    this.json = json;
    this.readTimeout = readTimeout;
  }

  @Override
  public void writeResponse(JsonAnswer answer, Type genericType, ServerRequestContext http)
      throws IOException {
    byte[] bytes = json.writeValueAsBytes(answer);
    http.serverResponse()
        .setResponseHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(bytes.length));
    new ResponseWrite(bytes, http).writeParts();
  }

  /** The writing of one answer; every method runs on its event loop. */
  private final class ResponseWrite {
    private final byte[] bytes;
    private final PacedResponse response;
    private int written;

    ResponseWrite(byte[] bytes, ServerRequestContext http) {
      this.bytes = bytes;
      this.response = PacedResponse.begin(http, readTimeout.get(), this::writeParts);
    }

    void writeParts() {
      while (response.writable() && written < bytes.length) {
        int end = Math.min(bytes.length, written + PART_BYTES);
        byte[] part = Arrays.copyOfRange(bytes, written, end);
        written = end;
        if (end == bytes.length) {
          response.end(part);
        } else {
          response.write(part, inFlight -> {}); // the generations' streams count the whole answer
        }
      }
    }
  }
}
