package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.api.Service;
import folio.inference.benchmark.Reproducibility;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelLoader;
import folio.model.checkpoint.Checkpoint;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The same request gives the same text, whoever else is there. */
class ReproducibilityTest {
  private static final int SLOTS = 64;
  private static final int CHARACTERS = 500;
  private static final int REQUESTS = 200;

  private final ModelHandover handover = new ModelHandover();
  private final InferenceEngine engine =
      new InferenceEngine(
          new InferenceEngine.Settings(
              SLOTS, new Lanes(Device.cpu(), 2, 4), REQUESTS, Duration.ofMinutes(5)),
          handover,
          EngineListener.NONE);

  @BeforeEach
  void serve() {
    engine.start();
    handover.offer(new ModelLoader(Device.cpu()).load(Checkpoint.embedded()));
    Service.await("a model", () -> handover.current().isPresent());
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
