package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.fused.FusedDecoder;
import folio.inference.fused.FusedDecoderFactory;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationEvent.Finished;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.SavedState;
import folio.model.checkpoint.CheckpointStore;
import folio.model.sampling.SamplingParameters;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine with a fused decoder writes the text of one without, many tokens an iteration. */
class FusedDecodingTest {
  private static final int SLOTS = 8;
  private static final int FUSED_SLOTS = 3;
  private static final SamplingParameters PENALTY = new SamplingParameters(0.8, 20, 0.95, 0, 1.3);

  @TempDir Path root;
  private final HostFusedDecoder.Machine machine = new HostFusedDecoder.Machine();
  private ManualEngine fused;
  private ManualEngine libtorch;

  @BeforeEach
  void open() {
    fused = engine(machine.loader(FUSED_SLOTS), SLOTS, 1);
    libtorch = engine(FusedDecoderFactory.Loader.NONE, SLOTS, 1);
  }

  private ManualEngine engine(FusedDecoderFactory.Loader fusedLoader, int slots, int workers) {
    ManualEngine engine =
        new ManualEngine(
            new CheckpointStore(root),
            slots,
            new WorkerSettings(Device.cpu(), workers, 4),
            fusedLoader,
            Duration.ofMinutes(1));
    engine.serve(1);
    return engine;
  }

  private static Outcome run(ManualEngine engine, GenerationRequest request) {
    GenerationStream stream = engine.submit(request);
    engine.runUntilIdle();
    return Outcome.of(stream);
  }

  @AfterEach
  void close() {
    fused.close();
    libtorch.close();
  }

  private static GenerationRequest request(int maxTokens, long seed) {
    return request(maxTokens, seed, List.of(), false, null);
  }

  private static GenerationRequest request(String prompt, int maxTokens, long seed) {
    return penalized(prompt, maxTokens, seed).echo(true).build();
  }

  private static GenerationRequest.Builder penalized(String prompt, int maxTokens, long seed) {
    return GenerationRequest.builder(prompt, maxTokens).sampling(PENALTY).seed(seed);
  }

  private static GenerationRequest request(
      int maxTokens, long seed, List<String> stop, boolean keep, SavedState from) {
    String prompt = from == null ? "hello world" : "";
    GenerationRequest.Builder request =
        penalized(prompt, maxTokens, seed).stop(stop).keepState(keep);
    return from == null ? request.echo(true).build() : request.resumeFrom(from).build();
  }

  @Test
  void writesTheSameTextInLaunchesOfManySteps() {
    Outcome outcome = run(fused, request(300, 7));

    assertThat(outcome.text()).hasSize("hello world".length() + 300);
    assertThat(outcome.finished().reason()).isEqualTo(FinishReason.LENGTH);
    assertThat(machine.characters).as("all, and of the prompt").isEqualTo(300 + 10);
    assertThat(fused.events.characters).isEqualTo(300);
    outcome.assertIs(run(libtorch, request(300, 7)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 11, 700})
  void readsPromptsInChunks(int length) {
    GenerationRequest request = request("hello world".repeat(64).substring(0, length), 40, 7);
    Outcome outcome = run(fused, request);

    assertThat(machine.characters).as("all, and of the prompt").isEqualTo(length - 1 + 40);
    assertThat(fused.events.characters).as("what is written alone").isEqualTo(40);
    assertThat(outcome.finished().usage().promptTokens()).isEqualTo(length);
    outcome.assertIs(run(libtorch, request));
  }

  @Test
  void eachChoiceReadsItsPromptIfAllHaveRoom() {
    List<GenerationRequest> choices = List.of(request(60, 1), request(60, 2), request(90, 3));
    List<GenerationStream> streams = fused.submitGroup(choices);
    fused.runUntilIdle();

    assertThat(machine.characters).isEqualTo(3 * 10 + 60 + 60 + 90);
    for (int i = 0; i < choices.size(); i++) {
      Outcome.of(streams.get(i)).assertIs(run(libtorch, choices.get(i)));
    }
    int before = machine.characters;
    List<GenerationRequest> more =
        List.of(request(9, 1), request(9, 2), request(9, 3), request(9, 4));
    fused.submitGroup(more);
    fused.runUntilIdle();
    assertThat(machine.characters - before).as("three of four decode, none reads").isEqualTo(3 * 8);
  }

  @Test
  void otherSequencesThatComeAndGoChangeNothing() {
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      streams.add(fused.submit(request(20 + 30 * i, i)));
      fused.iterate();
    }
    fused.runUntilIdle();

    for (int i = 0; i < SLOTS; i++) {
      Outcome.of(streams.get(i)).assertIs(run(libtorch, request(20 + 30 * i, i)));
    }
    int all = SLOTS * 10 + SLOTS * 20 + 30 * SLOTS * (SLOTS - 1) / 2;
    assertThat(machine.characters).as("some found no slot there").isBetween(100, all - 50);
  }

  @Test
  void aStopSequenceMayEndAGenerationMidwayInALaunch() {
    Outcome whole = run(libtorch, request(300, 7));
    String stop = whole.text().substring(150, 153);
    GenerationRequest stopped = request(300, 7, List.of(stop), false, null);
    Outcome outcome = run(fused, stopped);

    assertThat(outcome.finished().reason()).isEqualTo(FinishReason.STOP);
    assertThat(machine.characters).isPositive();
    outcome.assertIs(run(libtorch, stopped));
  }

  @Test
  void sequencesThatJoinOrStopDuringALaunchChangeNothing() {
    SavedState saved = run(libtorch, request(10, 3, List.of(), true, null)).finished().state();
    String stop = run(libtorch, request(400, 2)).text().substring(200, 204);
    List<GenerationRequest> requests =
        List.of(
            request(400, 1),
            request(400, 2, List.of(stop), false, null),
            request(350, 3, List.of(), true, saved));
    List<GenerationStream> streams = new ArrayList<>();
    for (GenerationRequest request : requests.subList(0, 2)) {
      streams.add(fused.submit(request));
    }
    int ahead = 0;
    while (ahead < 3) {
      assertThat(fused.iterate()).as("more to do").isTrue();
      ahead += machine.busy ? 1 : 0; // the next launch is in flight already
    }
    streams.add(fused.submit(requests.get(2))); // it has no prompt to read first
    fused.iterate();
    assertThat(machine.busy).as("a waiting request is admitted before the next launch").isFalse();
    fused.runUntilIdle();

    for (int i = 0; i < streams.size(); i++) {
      Outcome.of(streams.get(i)).assertIs(run(libtorch, requests.get(i)));
    }
    int useful = 10 + 400 + 10 + 200 - 11 + 350; // the second one ends at its stop sequence
    assertThat(machine.characters).as("all three, and in vain").isGreaterThan(useful + 8);
  }

  @Test
  void launchesGrowUpToTwoMillisecondsAndEndWithAFirstToken() {
    fused.submit(request(2_000, 1));
    while (machine.launches.size() < 8) {
      assertThat(fused.iterate()).as("more to do").isTrue();
    }
    int longest = (int) (2_000_000 / HostFusedDecoder.NANOS_A_STEP);
    assertThat(machine.launches.subList(0, 6)).containsExactly(8, 8, 32, 64, longest, longest);
    fused.submit(request("hello world".repeat(2), 2_000, 2));
    int before = machine.launches.size();
    fused.runUntilIdle();

    assertThat(machine.launches.subList(before, before + 3))
        .as("all of 22; then what two milliseconds hold again")
        .containsExactly(22, longest, longest);
  }

  @Test
  void theTimeOfASmallBatchPredictsNothingForALargeOne() {
    try (ManualEngine wide = engine(machine.loader(16), 16, 1)) {
      for (int i = 0; i < FusedDecoder.SMALL_BATCH; i++) {
        wide.submit(request(1_000, i));
      }
      int longest = (int) (2_000_000 / HostFusedDecoder.NANOS_A_STEP);
      while (machine.launches.isEmpty() || machine.lastLaunch() < longest) {
        assertThat(wide.iterate()).as("more to do").isTrue();
      }
      int before = machine.launches.size();
      wide.submit(request("hello world".repeat(20), 100, 9));
      wide.runUntilIdle();

      assertThat(machine.launches.subList(before, before + 4)).containsExactly(8, 16, 32, 64);
    }
  }

  @Test
  void aModelIsFusedOnlyIfEveryWorkerHasADecoder() {
    try (ManualEngine two = engine(machine.loader(FUSED_SLOTS), SLOTS, 2)) {
      assertThat(two.models.fusedSlots()).isEqualTo(FUSED_SLOTS);
    }
    machine.decoders = 1;
    try (ManualEngine two = engine(machine.loader(FUSED_SLOTS), SLOTS, 2)) {
      assertThat(two.models.fusedSlots()).isZero();
      List<GenerationStream> streams = new ArrayList<>();
      for (int i = 0; i < SLOTS; i++) {
        streams.add(two.submit(request(20, i)));
      }
      two.runUntilIdle();
      for (int i = 0; i < SLOTS; i++) {
        Outcome.of(streams.get(i)).assertIs(run(libtorch, request(20, i)));
      }
    }
  }

  @Test
  void aDisconnectedClientsSequenceIsNotLaunchedAgain() {
    GenerationStream gone = fused.submit(request(100_000, 1));
    while (machine.launches.size() < 5) {
      assertThat(fused.iterate()).as("more to do").isTrue();
    }
    machine.meanwhile = gone::cancel;
    fused.runUntilIdle();

    assertThat(machine.launches).as("no other is begun").hasSize(5);
    assertThat(fused.events.finished).containsExactly(FinishReason.CANCELLED);
    assertThat(fused.running()).isZero();
    assertThat(fused.queue.running()).isZero();
  }

  @Test
  void resumesASavedStateAndSavesOne() {
    Outcome first = run(fused, request(70, 7, List.of(), true, null));
    first.assertIs(run(libtorch, request(70, 7, List.of(), true, null)));
    SavedState saved = first.finished().state();
    int before = machine.characters;
    Outcome second = run(fused, request(80, 7, List.of(), true, saved));

    assertThat(machine.characters - before).as("from the first on").isEqualTo(80);
    second.assertIs(run(libtorch, request(80, 7, List.of(), true, saved)));
    assertThat(first.text() + second.text()).isEqualTo(run(libtorch, request(150, 7)).text());
  }

  /** Libtorch reads the prompt from the saved state; then the kernel decodes. */
  @Test
  void readsAPromptAfterASavedState() {
    SavedState state = run(fused, request(20, 7, List.of(), true, null)).finished().state();
    GenerationRequest request = penalized(" and more", 40, 7).resumeFrom(state).build();
    int before = machine.characters;

    Outcome outcome = run(fused, request);

    assertThat(outcome.text()).hasSize(40);
    assertThat(outcome.finished().usage().promptTokens()).isEqualTo(" and more".length());
    assertThat(machine.characters - before).as("all but the first").isEqualTo(39);
    outcome.assertIs(run(libtorch, request));
  }

  @Test
  void reportsLogProbabilities() {
    GenerationRequest request = penalized("hello", 300, 3).logprobs(2).build();
    Outcome outcome = run(fused, request);

    assertThat(machine.launches).hasSizeBetween(2, 100);
    assertThat(outcome.logprobs()).hasSize(300);
    assertThat(machine.characters).as("all, and of the prompt").isEqualTo(300 + 4);
    outcome.assertIs(run(libtorch, request));
  }

  /** The state at a stop sequence is that of its last character. */
  @Test
  void savesTheStateAtAStopSequence() {
    int prompt = "hello world".length();
    String text = run(libtorch, request(30, 3)).text().substring(prompt);
    String stop = text.substring(17, 20);
    int written = text.indexOf(stop) + stop.length();
    GenerationRequest request = request(30, 3, List.of(stop), true, null);

    Outcome outcome = run(fused, request);

    assertThat(outcome.finished().reason()).isEqualTo(FinishReason.STOP);
    assertThat(machine.characters).as("none after it").isEqualTo(prompt - 1 + written);
    outcome.assertIs(run(libtorch, request));
  }

  @Test
  void aClientMayDisconnectWhileItsPromptIsRead() {
    List<GenerationRequest> choices =
        List.of(request("hello world".repeat(60), 40, 1), request("hello world".repeat(60), 40, 2));
    GenerationStream gone = fused.submitGroup(choices).get(0);
    GenerationStream stays = fused.submit(request(40, 3));
    while (machine.characters < 300) {
      assertThat(fused.iterate()).as("more to do").isTrue();
    }
    gone.cancel();
    fused.runUntilIdle();

    Finished finished = Outcome.of(gone).finished();
    assertThat(finished.reason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(finished.usage().completionTokens()).isZero();
    Outcome.of(stays).assertIs(run(libtorch, request(40, 3)));
    assertThat(fused.queue.running()).isZero();
  }

  @Test
  void choicesFailTogetherIfOneCannotJoin() {
    machine.joins = 1;
    List<GenerationStream> streams =
        fused.submitGroup(List.of(request(60, 1), request(60, 2), request(60, 3)));
    fused.runUntilIdle();

    assertThat(streams)
        .allSatisfy(
            stream ->
                assertThat(stream.started().toCompletableFuture()).isCompletedExceptionally());
    assertThat(fused.running()).isZero();
    assertThat(fused.queue.running()).isZero();
    machine.joins = Integer.MAX_VALUE;
    run(fused, request(60, 1)).assertIs(run(libtorch, request(60, 1)));
  }

  @Test
  void aFailingDecoderFailsItsRequestsOnce() {
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      streams.add(fused.submit(request(5000, i)));
    }
    while (!streams.stream().allMatch(stream -> stream.started().toCompletableFuture().isDone())) {
      assertThat(fused.iterate()).as("more to do").isTrue();
    }
    machine.failing = true;
    fused.runUntilIdle();

    assertThat(streams)
        .allSatisfy(
            stream ->
                assertThat(Outcome.of(stream).end()).isInstanceOf(GenerationEvent.Failed.class));
    assertThat(fused.events.failed()).isEqualTo(5);
    assertThat(fused.queue.running()).isZero();
  }
}
