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
 * Started: a first model is warm. Ready: one serves, and new requests are welcome. Live: it turns.
 */
@ApplicationScoped
public class EngineHealth {
  private final InferenceEngine engine;
  private final Duration turnTimeout;

  /**
   * With the engine to look at.
   *
   * @param turnTimeout a loop that stands still for longer is dead
   */
  EngineHealth(
      InferenceEngine engine, @ConfigProperty(name = "folio.turn-timeout") Duration turnTimeout) {
    this.engine = engine;
    this.turnTimeout = turnTimeout;
  }

  @Produces
  @Startup
  HealthCheck startup() {
    return () -> check("first model is warm", serves());
  }

  @Produces
  @Readiness
  HealthCheck readiness() {
    return () ->
        check("a model serves and new requests are welcome", serves() && !engine.draining());
  }

  @Produces
  @Liveness
  HealthCheck liveness() {
    return () ->
        check("the decode loop turns", engine.sinceLastIteration().compareTo(turnTimeout) < 0);
  }

  private boolean serves() {
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
