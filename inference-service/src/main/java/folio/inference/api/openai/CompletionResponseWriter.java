package folio.inference.api.openai;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.http.CharacterStreamWriter;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/** Writes completions as JSON or as events; clients accept JSON and mean either. */
@Provider
public final class CompletionResponseWriter implements ServerMessageBodyWriter<CompletionResponse> {
  private final ObjectMapper json;
  private final CharacterStreamWriter streams;

  /** With who writes streams. */
  CompletionResponseWriter(ObjectMapper json, CharacterStreamWriter streams) {
    this.json = json;
    this.streams = streams;
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
    return CompletionResponse.class.isAssignableFrom(type);
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
    return CompletionResponse.class.isAssignableFrom(type);
  }

  @Override
  public void writeTo(
      CompletionResponse body,
      Class<?> type,
      Type genericType,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, Object> headers,
      OutputStream out) {
    throw new UnsupportedOperationException("written by writeResponse");
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
