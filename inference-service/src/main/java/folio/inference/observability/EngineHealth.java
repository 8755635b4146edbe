package folio.inference.observability;

import folio.inference.engine.InferenceEngine;
import folio.inference.models.CheckpointWatcher;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.eclipse.microprofile.health.Startup;

/**
 * The health checks. Started and ready: a model is current. Ready, in addition: the engine accepts
 * requests. Live: every thread that the service needs is running: the decode workers, the watcher
 * and the event loops.
 */
@ApplicationScoped
public class EngineHealth {
  /** The longest duration of a live watcher's poll: a bucket may answer slowly. */
  private static final Duration POLL_TIMEOUT = Duration.ofMinutes(20);

  private final InferenceEngine engine;
  private final CheckpointWatcher watcher;
  private final EventLoopHeartbeat eventLoops;
  private final Duration iterationTimeout;

  /**
   * Creates the checks of an engine.
   *
   * @param iterationTimeout the longest time between two iterations of a live decode loop, or
   *     between two heartbeats of a live event loop
   */
  EngineHealth(
      InferenceEngine engine,
      CheckpointWatcher watcher,
      EventLoopHeartbeat eventLoops,
      @ConfigProperty(name = "folio.turn-timeout") Duration iterationTimeout) {
    this.engine = engine;
    this.watcher = watcher;
    this.eventLoops = eventLoops;
    this.iterationTimeout = iterationTimeout;
  }

  @Produces
  @Startup
  HealthCheck startup() {
    return () -> check("first model is warm", hasModel());
  }

  @Produces
  @Readiness
  HealthCheck readiness() {
    return () ->
        check("a model serves and new requests are welcome", hasModel() && !engine.draining());
  }

  @Produces
  @Liveness
  HealthCheck liveness() {
    return () -> {
      Optional<String> stopped = stoppedThread();
      return response("the decode loop turns", stopped.isEmpty())
          .withData("stopped", stopped.orElse("none"))
          .build();
    };
  }

  /** Returns the kind of thread that has ended or stands still, or empty if all are running. */
  private Optional<String> stoppedThread() {
    if (engine.sinceLastIteration().compareTo(iterationTimeout) >= 0) {
      return Optional.of("decode worker");
    }
    if (watcher.failed() || watcher.pollDuration().compareTo(POLL_TIMEOUT) >= 0) {
      return Optional.of("checkpoint watcher");
    }
    return eventLoops.sinceLastBeat().compareTo(iterationTimeout) >= 0
        ? Optional.of("event loop")
        : Optional.empty();
  }

  private boolean hasModel() {
    return engine.models().current().isPresent();
  }

  private HealthCheckResponse check(String name, boolean up) {
    return response(name, up).build();
  }

  private HealthCheckResponseBuilder response(String name, boolean up) {
    String model = engine.models().current().map(current -> current.version()).orElse("none");
    return HealthCheckResponse.builder().name(name).status(up).withData("model", model);
  }
}
