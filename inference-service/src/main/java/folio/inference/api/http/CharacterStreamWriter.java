package folio.inference.api.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationStream;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import jakarta.inject.Provider;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/**
 * The writer of bodies that are generated while they are written. Each write takes all pending
 * events, so a slow client receives fewer and longer writes, and no text is buffered outside the
 * generation's own stream.
 *
 * <p>A {@code Multi} would need less code. But under SSE it sends the status before its first item,
 * when the request may still be rejected, and it flushes after every item.
 */
@jakarta.ws.rs.ext.Provider
public final class CharacterStreamWriter extends NonBlockingWriter<CharacterStream> {
  private static final Logger LOG = Logger.getLogger(CharacterStreamWriter.class);

  private final ObjectMapper json;
  private final Provider<Duration> readTimeout;
  private final LoadMeter load = new LoadMeter();
  private final Map<EventLoop, WriteCoalescer> coalescers = new ConcurrentHashMap<>();

  /**
   * Creates a writer that uses the mapper of all other answers.
   *
   * @param readTimeout the longest time that written bytes wait for their client
   */
  CharacterStreamWriter(
      ObjectMapper json,
      @ConfigProperty(name = "folio.limits.idle-timeout") Provider<Duration> readTimeout) {
    super(CharacterStream.class);
    this.json = json;
    this.readTimeout = readTimeout;
  }

  @Override
  public void writeResponse(CharacterStream body, Type genericType, ServerRequestContext http) {
    http.serverResponse().setChunked(true);
    new ResponseWrite(body, http).begin();
  }

  /** The writing of one response. Every method but {@link #schedule} runs on its event loop. */
  private final class ResponseWrite {
    private final List<GenerationStream> sources;
    private final StreamEncoder encoder;
    private final PacedResponse response;
    private final ContextInternal request = (ContextInternal) Vertx.currentContext();
    private final WriteCoalescer coalescer;

    /** Whether a write will run; at first true, because {@link #begin} starts one. */
    private final AtomicBoolean scheduled = new AtomicBoolean(true);

    private int ended;

    ResponseWrite(CharacterStream body, ServerRequestContext http) {
      this.sources = body.sources();
      this.encoder = body.encoder();
      this.response = PacedResponse.begin(http, readTimeout.get(), this::writeAll);
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
      for (int i = 0; idle < sources.size() && response.writable(); i++) {
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
      byte[] bytes;
      try {
        bytes = encoder.encode(index, event, json);
      } catch (RuntimeException e) {
        encodingFailed(index, event, e);
        return;
      }
      if (event instanceof GenerationEvent.Failed && bytes.length == 0) {
        response.abort();
        return;
      }
      boolean text = event instanceof GenerationEvent.Text;
      ended += text ? 0 : 1;
      if (ended == sources.size()) {
        response.end(concatenate(bytes, encoder.end(json)));
        return;
      }
      response.write(bytes, sources.get(index)::addInFlight);
      load.add(text ? ((GenerationEvent.Text) event).text().length() : 0);
    }

    /** Ends a generation with an error event, so that its text has no hole. */
    private void encodingFailed(int index, GenerationEvent event, RuntimeException cause) {
      LOG.error("A generation's text could not be encoded", cause);
      if (event instanceof GenerationEvent.Text) {
        sources.get(index).abandon("the service failed; its log has the cause");
      } else {
        response.abort(); // the format has no way left to report the error
      }
    }

    private static byte[] concatenate(byte[] first, byte[] second) {
      byte[] both = Arrays.copyOf(first, first.length + second.length);
      System.arraycopy(second, 0, both, first.length, second.length);
      return both;
    }
  }
}
