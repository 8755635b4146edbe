package folio.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.engine.EngineListener;
import folio.inference.engine.InferenceEngine;
import folio.inference.engine.WorkerSettings;
import folio.inference.models.ModelLoader;
import folio.inference.models.ResidentModels;
import folio.model.checkpoint.Checkpoint;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The same request gives the same text, whoever else is there. */
class ReproducibilityTest {
  private static final int SLOTS = 64;
  private static final int CHARACTERS = 500;
  private static final int REQUESTS = 200;

  private final CountDownLatch serving = new CountDownLatch(1);
  private final ResidentModels models = new ResidentModels();
  private final InferenceEngine engine =
      new InferenceEngine(
          new InferenceEngine.Settings(
              SLOTS, new WorkerSettings(Device.cpu(), 2, 4), REQUESTS, Duration.ofMinutes(5)),
          models,
          new EngineListener() {
            @Override
            public void activated(String version) {
              serving.countDown();
            }
          });

  @BeforeEach
  void serve() throws InterruptedException {
    engine.start();
    models.offer(new ModelLoader(Device.cpu()).load(Checkpoint.embedded()));
    assertThat(serving.await(1, TimeUnit.MINUTES)).isTrue();
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aRequestGivesTheSameBitsAloneAndAmongOthersThatComeAndGo() {
    Reproducibility outcome =
        Reproducibility.measure(
            engine::submit, Checkpoint.embedded().vocabulary().characters(), REQUESTS, CHARACTERS);

    assertThat(outcome).isEqualTo(new Reproducibility(REQUESTS, REQUESTS, REQUESTS));
  }
}
