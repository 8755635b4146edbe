package folio.benchmark;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Streams that are read by one event loop, which owns all their state; its methods may be called by
 * any other thread.
 */
final class StreamLoop implements AutoCloseable {
  private static final int MAX_CONNECTIONS = 65_536;
  private static final long CLOSE_SECONDS = 10;

  /**
   * What to ask for.
   *
   * @param body of a stream with a given seed
   */
  record Request(int port, SeededBody body) {}

  /** A JSON body for a seed. */
  interface SeededBody {
    String of(long seed);
  }

  private final Vertx vertx =
      Vertx.vertx(
          new VertxOptions()
              .setEventLoopPoolSize(1)
              .setFileSystemOptions(
                  new FileSystemOptions()
                      .setClassPathResolvingEnabled(false)
                      .setFileCachingEnabled(false)));
  private final HttpClient client =
      vertx.createHttpClient(new HttpClientOptions().setMaxPoolSize(MAX_CONNECTIONS));
  private final Request request;
  private final List<Stream> streams = new ArrayList<>();
  private StreamCounts counts = new StreamCounts();
  private LatencyHistogram firstCharacters = new LatencyHistogram();
  private final AtomicInteger started = new AtomicInteger();
  private volatile String failure;

  StreamLoop(Request request) {
    this.request = request;
  }

  /** Opens streams with the seeds from one to another. */
  void open(long firstSeed, int count) {
    onLoop(
        () -> {
          started.set(0);
          firstCharacters = new LatencyHistogram();
          for (int i = 0; i < count; i++) {
            add(firstSeed + i);
          }
          return null;
        });
  }

  /**
   * Puts a new stream in the place of the oldest. Its first character is one more of {@link
   * #started} and of {@link #firstCharacters}.
   */
  void replaceOldest(long seed) {
    onLoop(
        () -> {
          streams.remove(0).close();
          add(seed);
          return null;
        });
  }

  private void add(long seed) {
    Stream stream = new Stream(seed);
    streams.add(stream);
    stream.open();
  }

  /** Forgets the first characters so far. */
  void forgetFirstCharacters() {
    onLoop(
        () -> {
          firstCharacters = new LatencyHistogram();
          return null;
        });
  }

  /** How many first characters there were since streams were opened. */
  int started() {
    return started.get();
  }

  /** What went wrong first, or null. */
  String failure() {
    return failure;
  }

  /** Takes what was counted since the last call, and counts from zero. */
  StreamCounts takeCounts() {
    return onLoop(
        () -> {
          StreamCounts taken = counts;
          taken.end();
          counts = new StreamCounts();
          return taken;
        });
  }

  /** How long the streams' first characters took. */
  LatencyHistogram firstCharacters() {
    return onLoop(() -> firstCharacters);
  }

  /** Goes away from all streams. */
  void closeStreams() {
    onLoop(
        () -> {
          streams.forEach(Stream::close);
          streams.clear();
          return null;
        });
  }

  private <T> T onLoop(Supplier<T> task) {
    CompletableFuture<T> result = new CompletableFuture<>();
    vertx.runOnContext(
        nothing -> {
          try {
            result.complete(task.get());
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result.join();
  }

  @Override
  public void close() {
    vertx
        .close()
        .toCompletionStage()
        .toCompletableFuture()
        .orTimeout(CLOSE_SECONDS, TimeUnit.SECONDS)
        .join();
  }

  /** One stream after another, so that there is always one. */
  private final class Stream {
    private long seed;
    private boolean closing;
    private EventReader reader;
    private HttpClientRequest current;
    private long openedNanos;
    private long lastNanos;
    private long arrivedNanos;

    Stream(long seed) {
      this.seed = seed;
    }

    void open() {
      reader = new EventReader();
      openedNanos = System.nanoTime();
      lastNanos = 0;
      client
          .request(HttpMethod.POST, request.port(), "127.0.0.1", "/generate")
          .onFailure(this::fail)
          .onSuccess(this::send);
    }

    private void send(HttpClientRequest opened) {
      current = opened;
      if (closing) { // it was closed while this was on its way
        close();
        return;
      }
      opened
          .putHeader("Content-Type", "application/json")
          .putHeader("Accept", "text/event-stream")
          .send(request.body().of(seed))
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
        fail("this event came: " + reader.error());
      }
    }

    private void count(int characters) {
      if (lastNanos == 0) {
        firstCharacters.record(arrivedNanos - openedNanos);
        started.incrementAndGet();
        counts.first(characters);
      } else {
        counts.next(characters, arrivedNanos - lastNanos);
      }
      lastNanos = arrivedNanos;
    }

    private void ended() {
      if (!reader.done()) {
        fail("it was cut: its end came without [DONE]");
      } else if (!closing) {
        seed += MAX_CONNECTIONS; // no other stream has it
        open();
      }
    }

    private void fail(Throwable cause) {
      fail(String.valueOf(cause));
    }

    private void fail(String what) {
      if (!closing && failure == null) {
        failure = "a stream failed: " + what;
      }
    }

    void close() {
      closing = true;
      if (current != null) {
        current.reset();
      }
    }
  }
}
