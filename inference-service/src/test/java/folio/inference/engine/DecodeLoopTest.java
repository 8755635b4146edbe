package folio.inference.engine;

import static folio.inference.engine.ManualEngine.read;
import static folio.inference.engine.ManualEngine.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import folio.inference.decoding.OpenStates;
import folio.inference.fused.FusedDecoderFactory;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Rejection;
import folio.inference.generation.TokenLogprob;
import folio.inference.models.LoadedModel;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Single iterations of one worker on small real models. */
class DecodeLoopTest {
  private static final int SLOTS = 3;

  @TempDir Path root;
  private CheckpointStore store;
  private ManualEngine engine;

  @BeforeEach
  void open() {
    store = new CheckpointStore(root);
    engine = new ManualEngine(store, SLOTS);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void writesAsManyTokensAsTheRequestAsksFor() {
    engine.serve(1);
    GenerationStream stream = engine.submit(request("hello", 20, 7));
    engine.runUntilIdle();

    assertThat(read(stream)).hasSize(20);
    assertThat(engine.events.finished).containsExactly(FinishReason.LENGTH);
    assertThat(stream.started().toCompletableFuture().join().seed()).isEqualTo(7);
  }

  @Test
  void writesTheSameTextForTheSameSeed() {
    engine.serve(1);
    GenerationStream first = engine.submit(request("hello", 50, 7));
    engine.runUntilIdle();
    GenerationStream again = engine.submit(request("hello", 50, 7));
    engine.runUntilIdle();
    GenerationStream other = engine.submit(request("hello", 50, 8));
    engine.runUntilIdle();
    String text = read(first);

    assertThat(read(again)).isEqualTo(text);
    assertThat(read(other)).isNotEqualTo(text);
  }

  @Test
  void sequencesJoinAndFinishBetweenSteps() {
    engine.serve(1);
    GenerationStream longer = engine.submit(request("a", 30, 1));
    for (int i = 0; i < 5; i++) {
      engine.iterate();
    }
    GenerationStream shorter = engine.submit(request("b", 10, 2));
    engine.runUntilIdle();

    assertThat(read(longer)).hasSize(30);
    assertThat(read(shorter)).hasSize(10);
    assertThat(engine.events.batches).contains(1, 2).doesNotContain(3);
  }

  @Test
  void neverRunsMoreRequestsThanSlots() {
    engine.serve(1);
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < 2 * SLOTS + 1; i++) {
      streams.add(engine.submit(request("a", 5 + i, i)));
    }
    engine.runUntilIdle();

    assertThat(engine.events.batches).allMatch(size -> size <= SLOTS).contains(SLOTS);
    for (int i = 0; i < streams.size(); i++) {
      assertThat(read(streams.get(i))).hasSize(5 + i);
    }
  }

  @Test
  void aClientThatDisconnectsFreesItsSlotAtTheNextStep() {
    engine.serve(1);
    GenerationStream stream = engine.submit(request("a", 1000, 1));
    engine.iterate();
    assertThat(engine.running()).isEqualTo(1);
    stream.cancel();
    engine.iterate();

    assertThat(engine.running()).isZero();
    assertThat(engine.events.finished).containsExactly(FinishReason.CANCELLED);
  }

  @Test
  void aClientThatDisconnectsWhileQueuedNeverGetsASlot() {
    engine.serve(1);
    GenerationStream stream = engine.submit(request("a", 1000, 1));
    stream.cancel();
    engine.runUntilIdle();

    assertThat(engine.queue.size()).isZero();
    assertThat(engine.events.batches).isEmpty();
    assertThat(engine.events.promptTokens).as("no prompt was admitted").isZero();
  }

  @Test
  void rejectsARequestThatWaitedTooLong() {
    WorkerSettings workers = new WorkerSettings(Device.cpu(), 1, 4);
    try (ManualEngine impatient =
        new ManualEngine(store, SLOTS, workers, FusedDecoderFactory.Loader.NONE, Duration.ZERO)) {
      GenerationStream stream = impatient.submit(request("a", 10, 1));
      impatient.iterate();

      assertThat(ManualEngine.rejectionOf(stream)).isInstanceOf(Rejection.WaitedTooLong.class);
      assertThat(impatient.events.rejections).hasSize(1);
    }
  }

  @Test
  void stopsBeforeAStopSequence() {
    engine.serve(1);
    GenerationStream free = engine.submit(request("hello", 40, 7));
    engine.runUntilIdle();
    String text = read(free);
    String stop = text.substring(10, 12);
    GenerationStream stopped =
        engine.submit(
            GenerationRequest.builder("hello", 40).seed(7).stop(List.of(stop)).echo(true).build());
    engine.runUntilIdle();

    assertThat(read(stopped)).isEqualTo("hello" + text.substring(0, text.indexOf(stop)));
    assertThat(engine.events.finished).containsExactly(FinishReason.LENGTH, FinishReason.STOP);
  }

  @Test
  void reportsLogProbabilitiesThatSumToOne() {
    Vocabulary few = Vocabulary.of("\nabcdefgh");
    String version = TestCheckpoints.publish(store, few, TestCheckpoints.small(few), 3);
    engine.serve(version);
    int all = few.size();
    GenerationStream stream =
        engine.submit(GenerationRequest.builder("a", 3).seed(7).logprobs(all).build());
    engine.runUntilIdle();
    List<TokenLogprob> logprobs = ((GenerationEvent.Text) stream.poll()).logprobs();

    assertThat(logprobs).hasSize(3);
    for (TokenLogprob logprob : logprobs) {
      assertThat(logprob.top()).hasSize(all);
      double sum = logprob.top().stream().mapToDouble(each -> Math.exp(each.logprob())).sum();
      assertThat(sum).isCloseTo(1, within(1e-6));
      assertThat(logprob.top())
          .isSortedAccordingTo(
              Comparator.comparingDouble(TokenLogprob.Alternative::logprob).reversed())
          .contains(new TokenLogprob.Alternative(logprob.token(), logprob.logprob()));
    }
  }

  @Test
  void leavesNothingBehindOnTheDevice() {
    LoadedModel model = engine.serve(1);
    int before = model.manager().getManagedArrays().size();
    int statesBefore = OpenStates.of(model.decoder());
    for (int i = 0; i < 2 * SLOTS; i++) {
      engine.submit(request("hello", 10 + i, i));
    }
    engine.runUntilIdle();

    // The batch keeps its last state for the next sequence.
    assertThat(model.manager().getManagedArrays().size()).isBetween(before, before + 1);
    assertThat(OpenStates.of(model.decoder())).isEqualTo(statesBefore);
  }
}
