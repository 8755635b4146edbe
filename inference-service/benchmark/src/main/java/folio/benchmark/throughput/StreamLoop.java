package folio.benchmark.throughput;

import folio.benchmark.report.LatencyHistogram;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClientOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * One event loop of the HTTP load generator and the streams that it reads. The event loop's thread
 * owns all their state; the methods hand their work to it and may be called by any other thread.
 */
final class StreamLoop implements AutoCloseable {
  private static final long CLOSE_SECONDS = 10;

  private final Vertx vertx =
      Vertx.vertx(
          new VertxOptions()
              .setEventLoopPoolSize(1)
              .setFileSystemOptions(
                  new FileSystemOptions()
                      .setClassPathResolvingEnabled(false)
                      .setFileCachingEnabled(false)));
  private final StreamStatistics statistics = new StreamStatistics();
  private final List<EventStream> streams = new ArrayList<>();
  private final EventStream.Context context;

  /**
   * Starts an event loop without streams.
   *
   * @param port the server's port on the loopback interface
   * @param request the request that every stream sends
   */
  StreamLoop(int port, StreamRequest request) {
    HttpClientOptions options = new HttpClientOptions().setMaxPoolSize(EventStream.MAX_STREAMS);
    context = new EventStream.Context(vertx.createHttpClient(options), port, request, statistics);
  }

  /**
   * Opens streams and resets the number and the latencies of first characters.
   *
   * @param firstSeed the seed of the first stream; each further stream has the next seed
   */
  void open(long firstSeed, int count) {
    onLoop(
        () -> {
          statistics.resetStarted();
          for (int i = 0; i < count; i++) {
            add(firstSeed + i);
          }
          return null;
        });
  }

  /**
   * Closes the oldest stream and opens another. Its first character counts in {@link #started} and
   * {@link #firstCharacters}.
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
    EventStream stream = new EventStream(context, seed);
    streams.add(stream);
    stream.open();
  }

  /** Clears the latencies of first characters. */
  void resetFirstCharacters() {
    onLoop(
        () -> {
          statistics.resetFirstCharacters();
          return null;
        });
  }

  /** Returns the number of first characters since {@link #open}. */
  int started() {
    return statistics.started();
  }

  /** Returns the first failure of a stream, or null if no stream has failed. */
  String failure() {
    return statistics.failure();
  }

  /** Ends the current window, starts the next, and returns the counts of the ended one. */
  StreamCounts takeCounts() {
    return onLoop(statistics::takeCounts);
  }

  /** Returns the latencies of first characters since their last reset. */
  LatencyHistogram firstCharacters() {
    return onLoop(statistics::firstCharacters);
  }

  /** Disconnects all streams. */
  void closeStreams() {
    onLoop(
        () -> {
          streams.forEach(EventStream::close);
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
}
