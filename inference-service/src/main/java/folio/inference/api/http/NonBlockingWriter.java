package folio.inference.api.http;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;

/**
 * A writer of one type of response body, which writes on the event loop and never to a blocking
 * stream. A subclass implements {@code writeResponse} alone.
 *
 * @param <T> the type of the body, or a supertype of it
 */
public abstract class NonBlockingWriter<T> implements ServerMessageBodyWriter<T> {
  private final Class<T> bodyType;

  /** Creates a writer of {@code bodyType} and its subtypes. */
  protected NonBlockingWriter(Class<T> bodyType) {
    this.bodyType = bodyType;
  }

  @Override
  public final boolean isWriteable(
      Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
    return bodyType.isAssignableFrom(type);
  }

  @Override
  public final boolean isWriteable(
      Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
    return bodyType.isAssignableFrom(type);
  }

  /** Throws an exception: RESTEasy Reactive calls {@code writeResponse} instead. */
  @Override
  public final void writeTo(
      T body,
      Class<?> type,
      Type genericType,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, Object> headers,
      OutputStream out) {
    throw new UnsupportedOperationException("only writeResponse writes this type of body");
  }
}
