package folio.benchmark.throughput;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;

/**
 * A stream of server-sent events over HTTP. When the server ends it, the stream sends the next
 * request, so that it is always active. Owned by one event loop.
 */
final class EventStream {
  /**
   * The largest number of streams of an event loop, and the distance between two seeds of one
   * stream, so that no two streams share a seed.
   */
  static final int MAX_STREAMS = 65_536;

  /** The parts that all streams of an event loop share. */
  record Context(HttpClient client, int port, StreamRequest request, StreamStatistics statistics) {}

  private final Context context;
  private long seed;
  private boolean closing;
  private EventReader reader;
  private HttpClientRequest current;
  private long openedNanos;
  private long arrivedNanos;

  /** The arrival time of the previous event; 0 before the first event. */
  private long previousNanos;

  EventStream(Context context, long seed) {
    this.context = context;
    this.seed = seed;
  }

  /** Sends the request with the current seed. */
  void open() {
    reader = new EventReader();
    openedNanos = System.nanoTime();
    previousNanos = 0;
    context
        .client()
        .request(HttpMethod.POST, context.port(), "127.0.0.1", "/generate")
        .onFailure(this::fail)
        .onSuccess(this::send);
  }

  private void send(HttpClientRequest opened) {
    current = opened;
    if (closing) { // close() was called while the connection was being opened
      close();
      return;
    }
    opened
        .putHeader("Content-Type", "application/json")
        .putHeader("Accept", "text/event-stream")
        .send(context.request().json(seed))
        .onFailure(this::fail)
        .onSuccess(this::receive);
  }

  private void receive(HttpClientResponse response) {
    if (response.statusCode() != 200) {
      response.body().onComplete(body -> fail(response.statusCode() + ": " + body.result()));
      return;
    }
    response.exceptionHandler(this::fail).handler(this::read).endHandler(end -> ended());
  }

  private void read(Buffer chunk) {
    arrivedNanos = System.nanoTime();
    reader.read(chunk.getBytes(), this::count);
    if (reader.error() != null) {
      fail("unexpected event: " + reader.error());
    }
  }

  private void count(int characters) {
    if (previousNanos == 0) {
      context.statistics().first(characters, arrivedNanos - openedNanos);
    } else {
      context.statistics().next(characters, arrivedNanos - previousNanos);
    }
    previousNanos = arrivedNanos;
  }

  private void ended() {
    if (!reader.done()) {
      fail("it ended without [DONE]");
    } else if (!closing) {
      seed += MAX_STREAMS; // no other stream uses this seed
      open();
    }
  }

  private void fail(Throwable cause) {
    fail(String.valueOf(cause));
  }

  private void fail(String message) {
    if (!closing) {
      context.statistics().fail(message);
    }
  }

  /** Disconnects. */
  void close() {
    closing = true;
    if (current != null) {
      current.reset();
    }
  }
}
