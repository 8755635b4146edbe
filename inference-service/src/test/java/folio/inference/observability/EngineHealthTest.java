package folio.inference.observability;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.api.Service;
import folio.inference.engine.EngineListener;
import folio.inference.engine.InferenceEngine;
import folio.inference.engine.WorkerSettings;
import folio.inference.models.ResidentModels;
import java.time.Duration;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.Test;

class EngineHealthTest {
  @Test
  void isLiveOnlyWhileTheDecodeLoopRuns() {
    try (InferenceEngine engine =
        new InferenceEngine(
            new InferenceEngine.Settings(
                1, new WorkerSettings(Device.cpu(), 1, 4), 1, Duration.ofMinutes(1)),
            new ResidentModels(),
            EngineListener.NONE)) {
      HealthCheck liveness = new EngineHealth(engine, Duration.ofMillis(500)).liveness();
      Service.await(
          "liveness down before the loop starts", () -> liveness.call().getStatus() == Status.DOWN);
      engine.start();
      Service.await(
          "liveness up while the loop runs", () -> liveness.call().getStatus() == Status.UP);

      assertThat(liveness.call().getName()).isEqualTo("the decode loop turns");
    }
  }
}
