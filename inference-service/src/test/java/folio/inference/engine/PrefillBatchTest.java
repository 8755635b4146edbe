package folio.inference.engine;

import static folio.inference.engine.ManualEngine.read;
import static folio.inference.engine.ManualEngine.request;
import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Usage;
import folio.inference.models.LoadedModel;
import folio.model.checkpoint.CheckpointStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts are read in chunks, several in a pass, between the steps of running sequences. */
class PrefillBatchTest {
  private static final int SLOTS = 3;

  @TempDir Path root;
  private ManualEngine engine;

  @BeforeEach
  void open() {
    engine = new ManualEngine(new CheckpointStore(root), SLOTS);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  /** Returns a request whose prompt takes two passes and is scored. */
  private static GenerationRequest scoredRequest(long seed) {
    return GenerationRequest.builder("hello world", 30)
        .seed(seed)
        .logprobs(0)
        .promptLogprobs(0)
        .echo(true)
        .build();
  }

  @Test
  void requestsThatShareAPromptReadItOnce() {
    engine.serve(1);
    GenerationStream alone = engine.submit(request("hello world", 30, 8));
    engine.runUntilIdle();
    engine.events.promptTokens = 0;
    List<GenerationStream> choices =
        engine.submitGroup(
            LongStream.of(7, 8, 9).mapToObj(seed -> request("hello world", 30, seed)).toList());
    engine.runUntilIdle();

    assertThat(engine.events.promptTokens).isEqualTo("hello world".length());
    List<String> texts = choices.stream().map(ManualEngine::read).toList();
    assertThat(texts).doesNotHaveDuplicates().allMatch(text -> text.length() == 30);
    assertThat(texts.get(1)).isEqualTo(read(alone));
    assertThat(engine.queue.running()).isZero();
  }

  @Test
  void requestsThatShareAPromptEndWhenTheirClientDisconnects() {
    engine.serve(1);
    List<GenerationStream> choices =
        engine.submitGroup(
            LongStream.of(7, 8).mapToObj(seed -> request("hello ".repeat(50), 30, seed)).toList());
    engine.iterate();
    assertThat(engine.queue.running()).isEqualTo(2);
    choices.forEach(GenerationStream::cancel);
    engine.runUntilIdle();

    assertThat(engine.events.finished)
        .containsExactly(FinishReason.CANCELLED, FinishReason.CANCELLED);
    assertThat(engine.queue.running()).isZero();
  }

  @Test
  void requestsThatShareAPromptFailTogether() {
    LoadedModel model = engine.serve(1);
    List<GenerationStream> choices =
        engine.submitGroup(
            LongStream.of(7, 8, 9).mapToObj(PrefillBatchTest::scoredRequest).toList());
    engine.iterate();
    // The reader fails at the last scores: after the pass, before the sequences join the running
    // ones.
    AtomicInteger reports = new AtomicInteger();
    choices
        .get(0)
        .onReadable(
            () -> {
              if (reports.incrementAndGet() == 2) {
                model.decoder().close();
              }
            });
    engine.runUntilIdle();

    assertThat(engine.events.failed()).isEqualTo(3);
    assertThat(engine.queue.running()).isZero();
    assertThat(choices)
        .allSatisfy(
            choice ->
                assertThat(choice.started().toCompletableFuture()).isCompletedExceptionally());
  }

  @Test
  void aPromptIsScoredBetweenTheStepsOfOtherRequests() {
    engine.serve(1);
    GenerationStream writing = engine.submit(request("a", 40, 1));
    engine.iterate();
    GenerationStream scoring =
        engine.submit(GenerationRequest.builder("hello ".repeat(20), 0).promptLogprobs(1).build());
    engine.runUntilIdle();

    int scores = 0;
    GenerationEvent event = scoring.poll();
    for (; event instanceof GenerationEvent.Text text; event = scoring.poll()) {
      assertThat(text.text()).isEmpty();
      scores += text.logprobs().size();
    }
    assertThat(scores).isEqualTo(119);
    assertThat(event)
        .isInstanceOfSatisfying(
            GenerationEvent.Finished.class,
            end -> assertThat(end.usage()).isEqualTo(new Usage(120, 0)));
    assertThat(read(writing)).hasSize(40);
    assertThat(engine.events.batches).as("the scored text never steps").doesNotContain(2);
  }

  @Test
  void aLongPromptIsReadInChunksBetweenTheStepsOfOtherRequests() {
    engine.serve(1);
    GenerationStream running = engine.submit(request("a", 1000, 1));
    engine.iterate();
    String prompt = "hello world ".repeat(50);
    GenerationStream late = engine.submit(request(prompt, 20, 7));
    int turns = 0;
    while (!late.started().toCompletableFuture().isDone()) {
      int before = read(running).length();
      engine.iterate();
      turns++;
      assertThat(before + read(running).length()).isPositive();
    }

    assertThat(turns).isEqualTo(600 / PrefillBatch.CHUNK_BESIDE_STEPS);
    running.cancel();
    engine.runUntilIdle();
    assertThat(read(late)).hasSize(20);
  }

  @Test
  void aClientWithManyLongPromptsLeavesRowsToOthers() throws Exception {
    try (ManualEngine wide = new ManualEngine(new CheckpointStore(root), 40)) {
      wide.serve(1);
      for (int i = 0; i < 20; i++) {
        wide.submit("many", request("hello world ".repeat(50), 5, i));
      }
      wide.iterate();
      GenerationStream few = wide.submit("few", request("hello", 5, 7));
      wide.iterate();

      assertThat(few.started().toCompletableFuture()).isCompleted();
      wide.runUntilIdle();
    }
  }

  @Test
  void waitingPromptsAreReadInOnePass() {
    engine.serve(1);
    String prompt = "hello world ".repeat(4);
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      streams.add(engine.submit(request(prompt, 20, i)));
    }
    for (int chunk = 0; chunk < prompt.length() / PrefillBatch.CHUNK; chunk++) {
      assertThat(streams).noneMatch(stream -> stream.started().toCompletableFuture().isDone());
      engine.iterate();
    }

    assertThat(streams).allMatch(stream -> stream.started().toCompletableFuture().isDone());
  }
}
