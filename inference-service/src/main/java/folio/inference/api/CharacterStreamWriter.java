package folio.inference.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationStream;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerHttpResponse;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/**
 * Writes a generation as it comes. Each write takes everything there is, so a slow client gets
 * fewer, longer writes and nothing piles up outside the stream's own buffer.
 *
 * <p>A {@code Multi} would do the same, but under SSE it sends its status before its first item,
 * when the request may still be refused, and it writes every item with a flush of its own.
 */
@Provider
public final class CharacterStreamWriter implements ServerMessageBodyWriter<CharacterStream> {
  private final ObjectMapper json;
  private final WriteLoad load = new WriteLoad();
  private final Map<EventLoop, WriteTurns> turns = new ConcurrentHashMap<>();

  /** With the mapper of all answers. */
  CharacterStreamWriter(ObjectMapper json) {
    this.json = json;
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
    return type == CharacterStream.class;
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
    return type == CharacterStream.class;
  }

  @Override
  public void writeTo(
      CharacterStream body,
      Class<?> type,
      Type genericType,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, Object> headers,
      OutputStream out) {
    throw new UnsupportedOperationException("written by writeResponse");
  }

  @Override
  public void writeResponse(CharacterStream body, Type genericType, ServerRequestContext http) {
    // Only the core's own type can wait, as its own writers of files do.
    ResteasyReactiveRequestContext context = (ResteasyReactiveRequestContext) http;
    context.suspend();
    context.serverResponse().setChunked(true);
    new Writing(body, context, (ContextInternal) Vertx.currentContext()).begin();
  }

  /** One response on its way. All but {@link #schedule} happens on the request's event loop. */
  private final class Writing {
    private final GenerationStream source;
    private final Form form;
    private final ResteasyReactiveRequestContext http;
    private final ServerHttpResponse response;
    private final ContextInternal request;
    private final WriteTurns turn;
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private boolean congested;

    Writing(CharacterStream body, ResteasyReactiveRequestContext http, ContextInternal request) {
      this.source = body.source();
      this.form = body.form();
      this.http = http;
      this.response = http.serverResponse();
      this.request = request;
      this.turn =
          turns.computeIfAbsent(request.nettyEventLoop(), loop -> new WriteTurns(loop, load));
    }

    void begin() {
      source.onReadable(this::schedule);
    }

    /** On the lane's thread: many characters may come before the event loop runs. */
    private void schedule() {
      if (scheduled.compareAndSet(false, true)) {
        turn.add(
            () -> {
              scheduled.set(false);
              request.dispatch(this::writeAll);
            });
      }
    }

    private void writeAll() {
      while (!congested && !response.closed()) {
        GenerationEvent event = source.poll();
        if (event == null) {
          return;
        }
        byte[] bytes = form.encode(event, json);
        boolean last = !(event instanceof GenerationEvent.Text);
        if (event instanceof GenerationEvent.Failed && bytes.length == 0) {
          response.reset(); // nobody may take the text for whole
          http.resume();
          return;
        }
        if (last) {
          response.end(bytes);
          http.resume();
          return;
        }
        response.write(bytes);
        load.wrote(((GenerationEvent.Text) event).text().length());
        waitIfCongested();
      }
    }

    private void waitIfCongested() {
      if (response.isWriteQueueFull()) {
        congested = true;
        response.addDrainHandler(
            () -> {
              congested = false;
              writeAll();
            });
      }
    }
  }
}
