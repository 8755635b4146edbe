package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.api.Service;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.TokenLogprob;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelLoader;
import folio.model.checkpoint.Checkpoint;
import folio.model.sampling.SamplingParameters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The same request gives the same text, whoever else is there. */
class ReproducibilityTest {
  private static final int SLOTS = 64;
  private static final int CHARACTERS = 500;
  private static final int KINDS = 25;
  private static final int REQUESTS = 200;

  private final ModelHandover handover = new ModelHandover();
  private final InferenceEngine engine =
      new InferenceEngine(
          new InferenceEngine.Settings(SLOTS, 2, REQUESTS, Duration.ofMinutes(5)),
          handover,
          EngineListener.NONE);

  /** What a client gets, down to the bits of every log-probability. */
  private record Answer(String text, List<TokenLogprob> logprobs) {}

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

  /** Kinds differ in prompt (1 to 337 characters), parameters and seed. */
  private static GenerationRequest request(int kind, int maxTokens) {
    String prompt = "ROMEO: what light\n".repeat(20).substring(0, 1 + 14 * kind);
    SamplingParameters parameters =
        new SamplingParameters(
            0.5 + kind * 0.05, kind % 3 * 20, 1 - kind % 4 * 0.1, 0, 1 + kind % 2 * 0.2);
    return new GenerationRequest(
        prompt, maxTokens, parameters, kind, List.of(), 3, false, GenerationRequest.CURRENT);
  }

  private static Answer read(GenerationStream stream) {
    stream.ended().toCompletableFuture().join();
    StringBuilder text = new StringBuilder();
    List<TokenLogprob> logprobs = new ArrayList<>();
    while (stream.poll() instanceof GenerationEvent.Text part) {
      text.append(part.text());
      logprobs.addAll(part.logprobs());
    }
    return new Answer(text.toString(), logprobs);
  }

  @Test
  void aRequestGivesTheSameTextAloneAndAmongOthersThatComeAndGo() {
    List<Answer> alone = new ArrayList<>();
    for (int kind = 0; kind < KINDS; kind++) {
      alone.add(read(engine.submit(request(kind, CHARACTERS))));
    }
    assertThat(alone)
        .doesNotHaveDuplicates()
        .allMatch(answer -> answer.text().length() == CHARACTERS);

    SplittableRandom random = new SplittableRandom(1);
    List<GenerationStream> streams = new ArrayList<>();
    List<GenerationStream> passersBy = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      streams.add(engine.submit(request(i % KINDS, CHARACTERS)));
      if (i % 4 == 0) {
        passersBy.add(engine.submit(request(random.nextInt(KINDS), random.nextInt(1, 400))));
      }
      if (i % 8 == 7) {
        passersBy.get(random.nextInt(passersBy.size())).cancel();
      }
      if (i == REQUESTS / 2) {
        streams.get(0).ended().toCompletableFuture().join(); // the rest comes while these leave
      }
    }

    List<Answer> together = streams.stream().map(ReproducibilityTest::read).toList();
    for (int i = 0; i < REQUESTS; i++) {
      assertThat(together.get(i)).as("request " + i).isEqualTo(alone.get(i % KINDS));
    }
  }
}
