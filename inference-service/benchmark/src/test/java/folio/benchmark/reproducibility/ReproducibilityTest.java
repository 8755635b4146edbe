package folio.benchmark.reproducibility;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.benchmark.subject.InProcessEngine;
import folio.inference.engine.InferenceEngine;
import folio.inference.engine.WorkerSettings;
import folio.inference.models.ModelLoader;
import folio.model.checkpoint.Checkpoint;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A request gives the same output alone and in a batch with others. */
class ReproducibilityTest {
  private static final int SLOTS = 64;
  private static final int CHARACTERS = 500;
  private static final int REQUESTS = 200;

  @Test
  void requestsGiveTheSameBitsAloneAndUnderChangingLoad() {
    Checkpoint checkpoint = Checkpoint.embedded();
    InferenceEngine.Settings settings =
        new InferenceEngine.Settings(
            SLOTS, new WorkerSettings(Device.cpu(), 2, 4), REQUESTS, Duration.ofMinutes(5));
    try (InProcessEngine engine =
        new InProcessEngine(checkpoint, settings, new ModelLoader(Device.cpu()))) {
      Reproducibility outcome =
          Reproducibility.measure(
              engine::submit, checkpoint.vocabulary().characters(), REQUESTS, CHARACTERS);

      assertThat(outcome).isEqualTo(new Reproducibility(REQUESTS, REQUESTS, REQUESTS));
    }
  }
}
