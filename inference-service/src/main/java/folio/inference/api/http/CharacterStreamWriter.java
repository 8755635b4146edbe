package folio.inference.api.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationStream;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import jakarta.ws.rs.ext.Provider;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jboss.resteasy.reactive.server.spi.ServerHttpResponse;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/**
 * Writes a generation as it comes. Each write takes everything there is, so a slow client gets
 * fewer, longer writes and nothing piles up outside the stream's own buffer.
 *
 * <p>A {@code Multi} would do the same, but under SSE it sends its status before its first item,
 * when the request may still be refused, and it writes every item with a flush of its own.
 */
@Provider
public final class CharacterStreamWriter extends NonBlockingWriter<CharacterStream> {
  private final ObjectMapper json;
  private final LoadMeter load = new LoadMeter();
  private final Map<EventLoop, WriteCoalescer> turns = new ConcurrentHashMap<>();

  /** With the mapper of all answers. */
  CharacterStreamWriter(ObjectMapper json) {
    super(CharacterStream.class);
    this.json = json;
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
    private final List<GenerationStream> sources;
    private final StreamEncoder encoder;
    private final ResteasyReactiveRequestContext http;
    private final ServerHttpResponse response;
    private final ContextInternal request;
    private final WriteCoalescer turn;
    private final AtomicBoolean scheduled =
        new AtomicBoolean(true); // until what begins it is written
    private boolean congested;
    private int ended;

    Writing(CharacterStream body, ResteasyReactiveRequestContext http, ContextInternal request) {
      this.sources = body.sources();
      this.encoder = body.encoder();
      this.http = http;
      this.response = http.serverResponse();
      this.request = request;
      this.turn =
          turns.computeIfAbsent(request.nettyEventLoop(), loop -> new WriteCoalescer(loop, load));
    }

    /** What begins it does not wait for a turn: its client has nothing yet. */
    void begin() {
      sources.forEach(source -> source.onReadable(this::schedule));
      request.nettyEventLoop().execute(this::writeScheduled);
    }

    private void writeScheduled() {
      scheduled.set(false);
      request.dispatch(this::writeAll);
    }

    /** On the lane's thread: many characters may come before the event loop runs. */
    private void schedule() {
      if (scheduled.compareAndSet(false, true)) {
        turn.add(this::writeScheduled);
      }
    }

    private void writeAll() {
      int idle = 0;
      for (int i = 0; idle < sources.size() && !congested && !response.closed(); i++) {
        int index = i % sources.size();
        GenerationEvent event = sources.get(index).poll();
        if (event == null) {
          idle++;
          continue;
        }
        idle = 0;
        write(index, event);
      }
    }

    private void write(int index, GenerationEvent event) {
      byte[] bytes = encoder.encode(index, event, json);
      if (event instanceof GenerationEvent.Failed && bytes.length == 0) {
        response.reset(); // nobody may take the text for whole
        http.resume();
        return;
      }
      boolean text = event instanceof GenerationEvent.Text;
      ended += text ? 0 : 1;
      if (ended == sources.size()) {
        response.end(join(bytes, encoder.end(json)));
        http.resume();
        return;
      }
      response.write(bytes);
      load.wrote(text ? ((GenerationEvent.Text) event).text().length() : 0);
      waitIfCongested();
    }

    private static byte[] join(byte[] first, byte[] second) {
      byte[] both = Arrays.copyOf(first, first.length + second.length);
      System.arraycopy(second, 0, both, first.length, second.length);
      return both;
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
