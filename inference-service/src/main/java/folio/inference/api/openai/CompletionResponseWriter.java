package folio.inference.api.openai;

import folio.inference.api.http.CharacterStreamWriter;
import folio.inference.api.http.JsonAnswerWriter;
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
  private final JsonAnswerWriter answers;
  private final CharacterStreamWriter streams;

  /** Creates a writer that passes both kinds of response on to their writers. */
  CompletionResponseWriter(JsonAnswerWriter answers, CharacterStreamWriter streams) {
    super(CompletionResponse.class);
    this.answers = answers;
    this.streams = streams;
  }

  @Override
  public void writeResponse(CompletionResponse body, Type genericType, ServerRequestContext http)
      throws IOException {
    if (body instanceof CompletionResponse.Stream stream) {
      streams.writeResponse(stream.events(), genericType, http);
    } else {
      answers.writeResponse(((CompletionResponse.Completed) body).answer(), genericType, http);
    }
  }
}
