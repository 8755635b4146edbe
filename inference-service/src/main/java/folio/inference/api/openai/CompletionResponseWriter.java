package folio.inference.api.openai;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.http.CharacterStreamWriter;
import folio.inference.api.http.NonBlockingWriter;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/**
 * A writer of completions: JSON if the answer is completed, events if it is a stream. Clients send
 * {@code Accept: application/json} in both cases, so the type of the body decides.
 */
@Provider
public final class CompletionResponseWriter extends NonBlockingWriter<CompletionResponse> {
  private final ObjectMapper json;
  private final CharacterStreamWriter streams;

  /** Creates a writer that passes streams on to {@code streams}. */
  CompletionResponseWriter(ObjectMapper json, CharacterStreamWriter streams) {
    super(CompletionResponse.class);
    this.json = json;
    this.streams = streams;
  }

  @Override
  public void writeResponse(CompletionResponse body, Type genericType, ServerRequestContext http)
      throws IOException {
    if (body instanceof CompletionResponse.Stream stream) {
      streams.writeResponse(stream.events(), genericType, http);
    } else {
      http.serverResponse()
          .end(json.writeValueAsBytes(((CompletionResponse.Completed) body).answer()));
    }
  }
}
