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
 * The writer of bodies that are generated while they are written. Each write takes all pending
 * events, so a slow client receives fewer and longer writes, and no text is buffered outside the
 * generation's own stream.
 *
 * <p>A {@code Multi} would need less code. But under SSE it sends the status before its first item,
 * when the request may still be rejected, and it flushes after every item.
 */
@Provider
public final class CharacterStreamWriter extends NonBlockingWriter<CharacterStream> {
  private final ObjectMapper json;
  private final LoadMeter load = new LoadMeter();
  private final Map<EventLoop, WriteCoalescer> coalescers = new ConcurrentHashMap<>();

  /** Creates a writer that uses the mapper of all other answers. */
  CharacterStreamWriter(ObjectMapper json) {
    super(CharacterStream.class);
    this.json = json;
  }

  @Override
  public void writeResponse(CharacterStream body, Type genericType, ServerRequestContext http) {
    // RESTEasy's own file writers cast as well: only the implementation can suspend a request.
    ResteasyReactiveRequestContext context = (ResteasyReactiveRequestContext) http;
    context.suspend();
    context.serverResponse().setChunked(true);
    new ResponseWrite(body, context, (ContextInternal) Vertx.currentContext()).begin();
  }

  /** The writing of one response. Every method but {@link #schedule} runs on its event loop. */
  private final class ResponseWrite {
    private final List<GenerationStream> sources;
    private final StreamEncoder encoder;
    private final ResteasyReactiveRequestContext http;
    private final ServerHttpResponse response;
    private final ContextInternal request;
    private final WriteCoalescer coalescer;

    /** Whether a write will run; at first true, because {@link #begin} starts one. */
    private final AtomicBoolean scheduled = new AtomicBoolean(true);

    /** Whether the client reads too slowly, so that the next write waits for the drain handler. */
    private boolean congested;

    private int ended;

    ResponseWrite(
        CharacterStream body, ResteasyReactiveRequestContext http, ContextInternal request) {
      this.sources = body.sources();
      this.encoder = body.encoder();
      this.http = http;
      this.response = http.serverResponse();
      this.request = request;
      this.coalescer =
          coalescers.computeIfAbsent(
              request.nettyEventLoop(), loop -> new WriteCoalescer(loop, load));
    }

    /** Starts the first write without the coalescer's pause, because the client waits for it. */
    void begin() {
      sources.forEach(source -> source.onReadable(this::schedule));
      request.nettyEventLoop().execute(this::writeScheduled);
    }

    private void writeScheduled() {
      scheduled.set(false);
      request.dispatch(this::writeAll);
    }

    /**
     * Schedules a write unless one is scheduled. Called on the worker's thread; more characters may
     * arrive before the event loop runs; the write takes these as well.
     */
    private void schedule() {
      if (scheduled.compareAndSet(false, true)) {
        coalescer.add(this::writeScheduled);
      }
    }

    /** Writes pending events, one of each generation in rotation, until none is left. */
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
        response.reset(); // so that the client cannot take the text for complete
        http.resume();
        return;
      }
      boolean text = event instanceof GenerationEvent.Text;
      ended += text ? 0 : 1;
      if (ended == sources.size()) {
        response.end(concatenate(bytes, encoder.end(json)));
        http.resume();
        return;
      }
      response.write(bytes);
      load.add(text ? ((GenerationEvent.Text) event).text().length() : 0);
      waitIfCongested();
    }

    private static byte[] concatenate(byte[] first, byte[] second) {
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
