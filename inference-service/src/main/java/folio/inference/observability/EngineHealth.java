package folio.inference.observability;

import folio.inference.engine.InferenceEngine;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.eclipse.microprofile.health.Startup;

/**
 * The health checks. Started and ready: a model is current. Ready, in addition: the engine accepts
 * requests. Live: the decode loop iterates.
 */
@ApplicationScoped
public class EngineHealth {
  private final InferenceEngine engine;
  private final Duration iterationTimeout;

  /**
   * Creates the checks of an engine.
   *
   * @param iterationTimeout the longest time between two iterations of a live decode loop
   */
  EngineHealth(
      InferenceEngine engine,
      @ConfigProperty(name = "folio.turn-timeout") Duration iterationTimeout) {
    this.engine = engine;
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
    return () ->
        check("the decode loop turns", engine.sinceLastIteration().compareTo(iterationTimeout) < 0);
  }

  private boolean hasModel() {
    return engine.models().current().isPresent();
  }

  private HealthCheckResponse check(String name, boolean up) {
    return HealthCheckResponse.builder()
        .name(name)
        .status(up)
        .withData("model", engine.models().current().map(model -> model.version()).orElse("none"))
        .build();
  }
}
