package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.decoding.Decoder;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationEvent.Finished;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.KeptState;
import folio.inference.onchip.Chip;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelLoader;
import folio.model.checkpoint.CheckpointStore;
import folio.model.sampling.SamplingParameters;
import folio.model.testing.TestCheckpoints;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine with a chip writes what one without writes, many characters a turn. */
class ChipDecodingTest {
  private static final int SLOTS = 8;
  private static final int PLACES = 3;
  private static final SamplingParameters PENALTY = new SamplingParameters(0.8, 20, 0.95, 0, 1.3);

  @TempDir Path root;
  private final HostChip.Machine machine = new HostChip.Machine();
  private final AtomicInteger counted = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final EngineListener listener =
      new EngineListener() {
        @Override
        public void stepped(int slots, int characters, Duration step) {
          counted.addAndGet(characters);
        }

        @Override
        public void firstToken(Duration sinceArrival, boolean stepped) {
          counted.addAndGet(stepped ? 0 : 1);
        }

        @Override
        public void failed(int generations, Throwable cause) {
          failed.addAndGet(generations);
        }
      };
  private CheckpointStore store;
  private String version;
  private Side with;
  private Side without;

  /** An engine's inside. */
  private final class Side {
    private final ModelHandover handover = new ModelHandover();
    private final AdmissionQueue queue =
        new AdmissionQueue(SLOTS, 10, new Lanes(Device.cpu(), 1, 4));
    private final ModelRotation models = new ModelRotation(1, handover, listener);
    private final DecodeLoop loop =
        new DecodeLoop(0, new DecodeLoop.Shared(queue, models, listener, Duration.ofMinutes(1)));

    Side(Chip.Maker chips) {
      handover.offer(new ModelLoader(Device.cpu(), chips, SLOTS).load(store.open(version)));
      while (handover.current().isEmpty()) {
        loop.turn();
      }
    }

    GenerationStream submit(GenerationRequest request) {
      GenerationStream stream = new GenerationStream();
      assertThat(queue.offer(new Waiting(request, stream, System.nanoTime()))).isTrue();
      return stream;
    }

    void turnUntilIdle() {
      while (loop.turn()) {
        // turn() says that there is more to do
      }
    }

    List<GenerationStream> submitTogether(List<GenerationRequest> requests) {
      List<Waiting.Choice> choices =
          requests.stream()
              .map(request -> new Waiting.Choice(request, new GenerationStream()))
              .toList();
      assertThat(queue.offer(new Waiting(choices, System.nanoTime()))).isTrue();
      return choices.stream().map(Waiting.Choice::stream).toList();
    }

    List<Outcome> runTogether(List<GenerationRequest> requests) {
      List<GenerationStream> streams = submitTogether(requests);
      turnUntilIdle();
      return streams.stream().map(Outcome::of).toList();
    }

    Outcome run(GenerationRequest request) {
      GenerationStream stream = submit(request);
      turnUntilIdle();
      return Outcome.of(stream);
    }

    void close() {
      loop.close();
      models.close();
      assertThat(handover.residents()).isEmpty();
    }
  }

  /** What a client gets. */
  private record Outcome(String text, GenerationEvent end) {
    static Outcome of(GenerationStream stream) {
      StringBuilder text = new StringBuilder();
      while (true) {
        GenerationEvent event = stream.poll();
        if (!(event instanceof GenerationEvent.Text part)) {
          return new Outcome(text.toString(), event);
        }
        text.append(part.text());
      }
    }

    Finished finished() {
      return (Finished) end;
    }

    void assertIs(Outcome other) {
      assertThat(text).isEqualTo(other.text);
      assertThat(finished().reason()).isEqualTo(other.finished().reason());
      assertThat(finished().usage()).isEqualTo(other.finished().usage());
      KeptState kept = finished().state();
      KeptState expected = other.finished().state();
      assertThat(kept == null).isEqualTo(expected == null);
      if (kept != null) {
        assertThat(kept.values()).containsExactly(expected.values());
        assertThat(kept.lastId()).isEqualTo(expected.lastId());
        assertThat(kept.position()).isEqualTo(expected.position());
        assertThat(kept.seen()).isEqualTo(expected.seen());
      }
    }
  }

  @BeforeEach
  void open() {
    Decoder.prepareThread(Device.cpu());
    store = new CheckpointStore(root);
    version = TestCheckpoints.publish(store, 1);
    with = new Side(machine.maker(PLACES));
    without = new Side(Chip.Maker.NONE);
  }

  @AfterEach
  void close() {
    with.close();
    without.close();
  }

  private static GenerationRequest request(int maxTokens, long seed) {
    return request(maxTokens, seed, List.of(), false, null);
  }

  private static GenerationRequest request(String prompt, int maxTokens, long seed) {
    return new GenerationRequest(
        prompt, maxTokens, PENALTY, seed, List.of(), -1, -1, true, false, null, "current");
  }

  private static GenerationRequest request(
      int maxTokens, long seed, List<String> stop, boolean keep, KeptState from) {
    String prompt = from == null ? "hello world" : "";
    return new GenerationRequest(
        prompt, maxTokens, PENALTY, seed, stop, -1, -1, from == null, keep, from, "current");
  }

  @Test
  void writesTheSameInChunks() {
    Outcome outcome = with.run(request(300, 7));

    assertThat(outcome.text()).hasSize("hello world".length() + 300);
    assertThat(outcome.finished().reason()).isEqualTo(FinishReason.LENGTH);
    assertThat(machine.characters).as("all, and of the prompt").isEqualTo(300 + 10);
    assertThat(counted.get()).isEqualTo(300);
    outcome.assertIs(without.run(request(300, 7)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 11, 700})
  void readsPromptsInChunks(int length) {
    GenerationRequest request = request("hello world".repeat(64).substring(0, length), 40, 7);
    Outcome outcome = with.run(request);

    assertThat(machine.characters).as("all, and of the prompt").isEqualTo(length - 1 + 40);
    assertThat(counted.get()).as("what is written alone").isEqualTo(40);
    assertThat(outcome.finished().usage().promptTokens()).isEqualTo(length);
    outcome.assertIs(without.run(request));
  }

  @Test
  void choicesThatFindRoomReadTheirPromptEach() {
    List<GenerationRequest> choices = List.of(request(60, 1), request(60, 2), request(90, 3));
    List<Outcome> outcomes = with.runTogether(choices);

    assertThat(machine.characters).isEqualTo(3 * 10 + 60 + 60 + 90);
    for (int i = 0; i < choices.size(); i++) {
      outcomes.get(i).assertIs(without.run(choices.get(i)));
    }
    int before = machine.characters;
    List<GenerationRequest> more =
        List.of(request(9, 1), request(9, 2), request(9, 3), request(9, 4));
    with.runTogether(more);
    assertThat(machine.characters - before).as("three of four decode, none reads").isEqualTo(3 * 8);
  }

  @Test
  void othersThatComeAndGoChangeNothing() {
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      streams.add(with.submit(request(20 + 30 * i, i)));
      with.loop.turn();
    }
    with.turnUntilIdle();

    for (int i = 0; i < SLOTS; i++) {
      Outcome.of(streams.get(i)).assertIs(without.run(request(20 + 30 * i, i)));
    }
    assertThat(machine.characters).as("some did not find a place there").isPositive();
  }

  @Test
  void aTextThatEndsItMayComeInTheMiddleOfALaunch() {
    Outcome whole = without.run(request(300, 7));
    String stop = whole.text().substring(150, 153);
    GenerationRequest stopped = request(300, 7, List.of(stop), false, null);
    Outcome outcome = with.run(stopped);

    assertThat(outcome.finished().reason()).isEqualTo(FinishReason.STOP);
    assertThat(machine.characters).isPositive();
    outcome.assertIs(without.run(stopped));
  }

  @Test
  void whoJoinsOrIsStoppedWhileALaunchIsUnderWayChangesNothing() {
    KeptState kept = without.run(request(10, 3, List.of(), true, null)).finished().state();
    String stop = without.run(request(400, 2)).text().substring(200, 204);
    List<GenerationRequest> requests =
        List.of(
            request(400, 1),
            request(400, 2, List.of(stop), false, null),
            request(350, 3, List.of(), true, kept));
    List<GenerationStream> streams = new ArrayList<>();
    for (GenerationRequest request : requests.subList(0, 2)) {
      streams.add(with.submit(request));
    }
    int ahead = 0;
    while (ahead < 3) {
      assertThat(with.loop.turn()).as("more to do").isTrue();
      ahead += machine.busy ? 1 : 0; // the next launch is under way, and the last one's text taken
    }
    streams.add(with.submit(requests.get(2))); // has no prompt to be read first
    with.loop.turn();
    assertThat(machine.busy).as("who waits is let in before more is launched").isFalse();
    with.turnUntilIdle();

    for (int i = 0; i < streams.size(); i++) {
      Outcome.of(streams.get(i)).assertIs(without.run(requests.get(i)));
    }
    assertThat(machine.characters).as("all three, and in vain").isGreaterThan(900);
  }

  @Test
  void launchesGrowUpToTwoMillisecondsAndOfANewcomerEndWithItsFirstCharacter() {
    with.submit(request(2_000, 1));
    while (machine.launches.size() < 8) {
      assertThat(with.loop.turn()).as("more to do").isTrue();
    }
    int longest = (int) (2_000_000 / HostChip.NANOS_A_STEP);
    assertThat(machine.launches.subList(0, 6)).containsExactly(8, 8, 32, 64, longest, longest);
    with.submit(request("hello world".repeat(2), 2_000, 2));
    int before = machine.launches.size();
    with.turnUntilIdle();

    assertThat(machine.launches.subList(before, before + 3))
        .as("few, as ranking may be dear; the rest of 22; twice as many as those might have been")
        .containsExactly(8, 14, 32);
  }

  @Test
  void goesOnFromAStateAndKeepsOne() {
    Outcome first = with.run(request(70, 7, List.of(), true, null));
    first.assertIs(without.run(request(70, 7, List.of(), true, null)));
    KeptState kept = first.finished().state();
    int before = machine.characters;
    Outcome second = with.run(request(80, 7, List.of(), true, kept));

    assertThat(machine.characters - before).as("from the first on").isEqualTo(80);
    second.assertIs(without.run(request(80, 7, List.of(), true, kept)));
    assertThat(first.text() + second.text()).isEqualTo(without.run(request(150, 7)).text());
  }

  @Test
  void whatTheChipDoesNotTellIsDecodedElsewhere() {
    GenerationRequest probabilities =
        new GenerationRequest(
            "hello", 30, PENALTY, 3, List.of(), 2, -1, false, false, null, "current");
    with.run(probabilities).assertIs(without.run(probabilities));
    GenerationRequest keptAndStopped = request(30, 3, List.of("zq"), true, null);
    with.run(keptAndStopped).assertIs(without.run(keptAndStopped));

    assertThat(machine.characters).isZero();
  }

  @Test
  void aClientMayGoAwayWhileItsPromptIsRead() {
    List<GenerationRequest> choices =
        List.of(request("hello world".repeat(60), 40, 1), request("hello world".repeat(60), 40, 2));
    GenerationStream gone = with.submitTogether(choices).get(0);
    GenerationStream stays = with.submit(request(40, 3));
    while (machine.characters < 300) {
      assertThat(with.loop.turn()).as("more to do").isTrue();
    }
    gone.cancel();
    with.turnUntilIdle();

    Finished finished = Outcome.of(gone).finished();
    assertThat(finished.reason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(finished.usage().completionTokens()).isZero();
    Outcome.of(stays).assertIs(without.run(request(40, 3)));
    assertThat(with.queue.running()).isZero();
  }

  @Test
  void choicesOfWhichOneCannotJoinAreGivenUpTogether() {
    machine.joins = 1;
    List<GenerationStream> streams =
        with.submitTogether(List.of(request(60, 1), request(60, 2), request(60, 3)));
    with.turnUntilIdle();

    assertThat(streams)
        .allSatisfy(
            stream ->
                assertThat(stream.started().toCompletableFuture()).isCompletedExceptionally());
    assertThat(with.loop.running()).isZero();
    assertThat(with.queue.running()).isZero();
    machine.joins = Integer.MAX_VALUE;
    with.run(request(60, 1)).assertIs(without.run(request(60, 1)));
  }

  @Test
  void aClientThatGoesAwayMakesRoom() {
    GenerationStream gone = with.submit(request(100_000, 1));
    for (int turn = 0; turn < 6; turn++) {
      with.loop.turn();
    }
    gone.cancel();
    with.turnUntilIdle();

    assertThat(with.loop.running()).isZero();
    assertThat(with.queue.running()).isZero();
  }

  @Test
  void aChipThatFailsFailsItsRequestsOnce() {
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      streams.add(with.submit(request(5000, i)));
    }
    while (!streams.stream().allMatch(stream -> stream.started().toCompletableFuture().isDone())) {
      assertThat(with.loop.turn()).as("more to do").isTrue();
    }
    machine.failing = true;
    with.turnUntilIdle();

    assertThat(streams)
        .allSatisfy(
            stream ->
                assertThat(Outcome.of(stream).end()).isInstanceOf(GenerationEvent.Failed.class));
    assertThat(failed.get()).isEqualTo(5);
    assertThat(with.queue.running()).isZero();
  }
}
