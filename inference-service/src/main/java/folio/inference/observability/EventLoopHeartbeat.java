package folio.inference.observability;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A task that each event loop runs once a second, and the time since the last of them ran it. */
@Singleton
final class EventLoopHeartbeat {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Map<EventExecutor, Long> lastBeatNanos = new ConcurrentHashMap<>();

  @Inject
  EventLoopHeartbeat(Vertx vertx) {
    this(((VertxInternal) vertx).getEventLoopGroup());
  }

  /** Starts the heartbeat of every event loop of a group. */
  @SuppressWarnings("FutureReturnValueIgnored") // a beat cannot fail
  EventLoopHeartbeat(EventExecutorGroup loops) {
    for (EventExecutor loop : loops) {
      beat(loop);
      loop.scheduleAtFixedRate(
          () -> beat(loop), INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void beat(EventExecutor loop) {
    lastBeatNanos.put(loop, System.nanoTime());
  }

  /** Returns how long ago the slowest event loop ran its task. Safe for any thread. */
  Duration sinceLastBeat() {
    long now = System.nanoTime();
    return Duration.ofNanos(
        lastBeatNanos.values().stream().mapToLong(beat -> now - beat).max().orElse(0));
  }
}
