package folio.benchmark.reproducibility;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.benchmark.subject.InProcessEngine;
import folio.inference.engine.InferenceEngine;
import folio.inference.engine.WorkerSettings;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationStream;
import folio.inference.models.ModelLoader;
import folio.model.checkpoint.Checkpoint;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A request gives the same output alone and in a batch with others. */
@Tag("slow")
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

  /** A measurement first runs 25 requests alone; the fake answers later requests differently. */
  @Test
  void countsTextsThatDifferUnderLoad() {
    AtomicInteger submitted = new AtomicInteger();
    Reproducibility outcome =
        Reproducibility.measure(
            request -> answer(submitted.getAndIncrement() < 25 ? "alone" : "loaded"),
            List.of("a", "b"),
            REQUESTS,
            CHARACTERS);

    assertThat(outcome).isEqualTo(new Reproducibility(REQUESTS, 0, 0));
  }

  private static GenerationStream answer(String text) {
    GenerationStream stream = new GenerationStream();
    stream.append(text, List.of());
    stream.end(new GenerationEvent.Failed("the end of the fake", "none"));
    return stream;
  }
}
