package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import folio.inference.decoding.Decoder;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Refusal;
import folio.inference.generation.RefusedException;
import folio.inference.generation.TokenLogprob;
import folio.inference.generation.Usage;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelLoader;
import folio.inference.serving.ModelState;
import folio.inference.serving.ServedModel;
import folio.model.checkpoint.CheckpointStore;
import folio.model.sampling.SamplingParameters;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Turns taken by hand, on real small models. */
class DecodeLoopTest {
  private static final int SLOTS = 3;

  @TempDir Path root;
  private final ModelHandover handover = new ModelHandover();
  private final AdmissionQueue queue = new AdmissionQueue(SLOTS, 10, new Lanes(Device.cpu(), 1, 4));
  private final List<Refusal> refusals = new ArrayList<>();
  private final List<FinishReason> finished = new ArrayList<>();
  private final List<Integer> batches = new ArrayList<>();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger promptTokens = new AtomicInteger();
  private final EngineListener listener =
      new EngineListener() {
        @Override
        public void refused(Refusal refusal) {
          refusals.add(refusal);
        }

        @Override
        public void finished(FinishReason reason, GenerationEvent.Finished event) {
          finished.add(reason);
        }

        @Override
        public void failed(int generations, Throwable cause) {
          failed.addAndGet(generations);
        }

        @Override
        public void admitted(Duration queued, int tokens) {
          promptTokens.addAndGet(tokens);
        }

        @Override
        public void stepped(int slots, int characters, Duration step) {
          batches.add(slots);
        }
      };
  private final ModelRotation models = new ModelRotation(1, handover, listener);
  private CheckpointStore store;
  private DecodeLoop loop;

  @BeforeEach
  void open() {
    Decoder.prepareThread(Device.cpu());
    store = new CheckpointStore(root);
    loop = loop(Duration.ofMinutes(1));
  }

  @AfterEach
  void close() {
    loop.close();
    models.close();
    assertThat(handover.residents()).isEmpty();
  }

  private DecodeLoop loop(Duration queueTimeout) {
    return new DecodeLoop(0, new DecodeLoop.Shared(queue, models, listener, queueTimeout));
  }

  private ServedModel offer(long seed) {
    ServedModel model =
        new ModelLoader(Device.cpu()).load(store.open(TestCheckpoints.publish(store, seed)));
    handover.offer(model);
    return model;
  }

  /** Takes turns until the offered model is current. */
  private ServedModel serve(long seed) {
    ServedModel model = offer(seed);
    while (handover.current().stream().noneMatch(r -> r.version().equals(model.version()))) {
      loop.turn();
    }
    return model;
  }

  private static GenerationRequest request(String prompt, int maxTokens, long seed) {
    return new GenerationRequest(
        prompt, maxTokens, SamplingParameters.DEFAULT, seed, List.of(), -1, false, "current");
  }

  /** Its prompt takes two passes, after each of which its scores are told. */
  private static GenerationRequest scoredRequest(long seed) {
    return new GenerationRequest(
        "hello world",
        30,
        SamplingParameters.DEFAULT,
        seed,
        List.of(),
        0,
        0,
        true,
        false,
        null,
        "current");
  }

  private GenerationStream submit(GenerationRequest request) {
    GenerationStream stream = new GenerationStream();
    assertThat(queue.offer(new Waiting(request, stream, System.nanoTime()))).isTrue();
    return stream;
  }

  private static String read(GenerationStream stream) {
    StringBuilder text = new StringBuilder();
    while (stream.poll() instanceof GenerationEvent.Text part) {
      text.append(part.text());
    }
    return text.toString();
  }

  private void turnUntilIdle() {
    while (loop.turn()) {
      // turn() says that there is more to do
    }
  }

  private static Refusal refusalOf(GenerationStream stream) {
    try {
      stream.started().toCompletableFuture().join();
      throw new AssertionError("it was not refused");
    } catch (CompletionException e) {
      return ((RefusedException) e.getCause()).refusal();
    }
  }

  @Test
  void writesAsManyCharactersAsItIsAskedFor() {
    serve(1);
    GenerationStream stream = submit(request("hello", 20, 7));
    turnUntilIdle();

    assertThat(read(stream)).hasSize(20);
    assertThat(finished).containsExactly(FinishReason.LENGTH);
    assertThat(stream.started().toCompletableFuture().join().seed()).isEqualTo(7);
  }

  @Test
  void givesTheSameTextForTheSameSeed() {
    serve(1);
    GenerationStream first = submit(request("hello", 50, 7));
    turnUntilIdle();
    GenerationStream again = submit(request("hello", 50, 7));
    turnUntilIdle();
    GenerationStream other = submit(request("hello", 50, 8));
    turnUntilIdle();
    String text = read(first);

    assertThat(read(again)).isEqualTo(text);
    assertThat(read(other)).isNotEqualTo(text);
  }

  @Test
  void requestsThatShareAPromptReadItOnce() {
    serve(1);
    GenerationStream alone = submit(request("hello world", 30, 8));
    turnUntilIdle();
    promptTokens.set(0);
    List<Waiting.Choice> choices =
        LongStream.of(7, 8, 9)
            .mapToObj(seed -> request("hello world", 30, seed))
            .map(request -> new Waiting.Choice(request, new GenerationStream()))
            .toList();
    assertThat(queue.offer(new Waiting(choices, System.nanoTime()))).isTrue();
    turnUntilIdle();

    assertThat(promptTokens).hasValue("hello world".length());
    List<String> texts = choices.stream().map(choice -> read(choice.stream())).toList();
    assertThat(texts).doesNotHaveDuplicates().allMatch(text -> text.length() == 30);
    assertThat(texts.get(1)).isEqualTo(read(alone));
    assertThat(queue.running()).isZero();
  }

  @Test
  void requestsThatShareAPromptEndWithTheirClient() {
    serve(1);
    List<Waiting.Choice> choices =
        LongStream.of(7, 8)
            .mapToObj(seed -> request("hello ".repeat(50), 30, seed))
            .map(request -> new Waiting.Choice(request, new GenerationStream()))
            .toList();
    assertThat(queue.offer(new Waiting(choices, System.nanoTime()))).isTrue();
    loop.turn();
    assertThat(queue.running()).isEqualTo(2);
    choices.forEach(choice -> choice.stream().cancel());
    turnUntilIdle();

    assertThat(finished).containsExactly(FinishReason.CANCELLED, FinishReason.CANCELLED);
    assertThat(queue.running()).isZero();
  }

  @Test
  void requestsThatShareAPromptFailTogether() {
    ServedModel model = serve(1);
    List<Waiting.Choice> choices =
        LongStream.of(7, 8, 9)
            .mapToObj(DecodeLoopTest::scoredRequest)
            .map(request -> new Waiting.Choice(request, new GenerationStream()))
            .toList();
    assertThat(queue.offer(new Waiting(choices, System.nanoTime()))).isTrue();
    loop.turn();
    // Told of the last scores, after the pass and before the slots join those that run.
    AtomicInteger told = new AtomicInteger();
    choices.get(0).stream()
        .onReadable(
            () -> {
              if (told.incrementAndGet() == 2) {
                model.decoder().close();
              }
            });
    turnUntilIdle();

    assertThat(failed).hasValue(3);
    assertThat(queue.running()).isZero();
    assertThat(choices)
        .allSatisfy(
            choice ->
                assertThat(choice.stream().started().toCompletableFuture())
                    .isCompletedExceptionally());
  }

  @Test
  void aTextIsScoredBetweenTheStepsOfOthers() {
    serve(1);
    GenerationStream writing = submit(request("a", 40, 1));
    loop.turn();
    GenerationStream scoring =
        submit(GenerationRequest.scoring("hello ".repeat(20), 1, GenerationRequest.CURRENT));
    turnUntilIdle();

    GenerationEvent.Text scores = (GenerationEvent.Text) scoring.poll();
    assertThat(scores.text()).isEmpty();
    assertThat(scores.logprobs()).hasSize(119);
    assertThat(scoring.poll())
        .isInstanceOfSatisfying(
            GenerationEvent.Finished.class,
            end -> assertThat(end.usage()).isEqualTo(new Usage(120, 0)));
    assertThat(read(writing)).hasSize(40);
    assertThat(batches).as("the scored text never steps").doesNotContain(2);
  }

  @Test
  void slotsJoinAndLeaveBetweenSteps() {
    serve(1);
    GenerationStream longer = submit(request("a", 30, 1));
    for (int i = 0; i < 5; i++) {
      loop.turn();
    }
    GenerationStream shorter = submit(request("b", 10, 2));
    turnUntilIdle();

    assertThat(read(longer)).hasSize(30);
    assertThat(read(shorter)).hasSize(10);
    assertThat(batches).contains(1, 2).doesNotContain(3);
  }

  @Test
  void neverRunsMoreThanItsSlots() {
    serve(1);
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < 2 * SLOTS + 1; i++) {
      streams.add(submit(request("a", 5 + i, i)));
    }
    turnUntilIdle();

    assertThat(batches).allMatch(size -> size <= SLOTS).contains(SLOTS);
    for (int i = 0; i < streams.size(); i++) {
      assertThat(read(streams.get(i))).hasSize(5 + i);
    }
  }

  @Test
  void aRunningRequestStaysOnTheWeightsItBeganWith() {
    ServedModel old = serve(1);
    GenerationStream before = submit(request("a", 60, 1));
    loop.turn();
    ServedModel young = serve(2);
    GenerationStream after = submit(request("a", 5, 1));
    loop.turn();

    assertThat(handover.residents())
        .extracting(ModelHandover.Resident::state)
        .containsExactly(ModelState.RETIRING, ModelState.CURRENT);
    assertThat(handover.requestRoom()).isFalse();
    turnUntilIdle();
    assertThat(before.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(old.version());
    assertThat(after.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(young.version());
    assertThat(read(before)).hasSize(60);
    assertThat(handover.residents())
        .extracting(ModelHandover.Resident::version)
        .containsExactly(young.version());
    assertThat(handover.requestRoom()).isTrue();
  }

  @Test
  void aRetiringModelCanBeAskedForUntilItsRoomIsWanted() {
    ServedModel old = serve(1);
    submit(request("a", 100, 1));
    loop.turn();
    serve(2);
    GenerationStream pinned = submit(pinned(old.version()));
    loop.turn();
    assertThat(pinned.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(old.version());

    assertThat(handover.requestRoom()).isFalse();
    GenerationStream late = submit(pinned(old.version()));
    loop.turn();
    assertThat(refusalOf(late)).isEqualTo(new Refusal.UnknownModel(old.version()));
  }

  private static GenerationRequest pinned(String version) {
    return new GenerationRequest(
        "a", 3, SamplingParameters.DEFAULT, 1, List.of(), -1, false, version);
  }

  @Test
  void aQueuedPromptIsEncodedByTheModelWhoseSlotItTakes() {
    serve(1);
    GenerationStream unknown = submit(request("caf\u00e9", 5, 1));
    turnUntilIdle();

    assertThat(refusalOf(unknown))
        .isInstanceOfSatisfying(
            Refusal.UnknownCharacter.class,
            refusal -> {
              assertThat(refusal.position()).isEqualTo(3);
              assertThat(refusal.character()).isEqualTo("\u00e9");
            });
    Vocabulary accents = Vocabulary.of("\ncaf\u00e9");
    String version = TestCheckpoints.publish(store, accents, TestCheckpoints.small(accents), 3);
    handover.offer(new ModelLoader(Device.cpu()).load(store.open(version)));
    while (handover.current().stream().noneMatch(r -> r.version().equals(version))) {
      loop.turn();
    }
    GenerationStream known = submit(request("caf\u00e9", 5, 1));
    turnUntilIdle();
    assertThat(read(known)).hasSize(5);
  }

  @Test
  void aClientThatGoesAwayFreesItsSlotAtTheNextStep() {
    serve(1);
    GenerationStream stream = submit(request("a", 1000, 1));
    loop.turn();
    assertThat(loop.running()).isEqualTo(1);
    stream.cancel();
    loop.turn();

    assertThat(loop.running()).isZero();
    assertThat(finished).containsExactly(FinishReason.CANCELLED);
  }

  @Test
  void aClientThatGoesAwayWhileItIsQueuedNeverGetsASlot() {
    serve(1);
    GenerationStream stream = submit(request("a", 1000, 1));
    stream.cancel();
    turnUntilIdle();

    assertThat(queue.size()).isZero();
    assertThat(batches).isEmpty();
  }

  @Test
  void tellsARequestThatItWaitedTooLong() {
    loop = loop(Duration.ZERO);
    GenerationStream stream = submit(request("a", 10, 1));
    loop.turn();

    assertThat(refusalOf(stream)).isInstanceOf(Refusal.WaitedTooLong.class);
    assertThat(refusals).hasSize(1);
  }

  @Test
  void stopsBeforeAStopText() {
    serve(1);
    GenerationStream free = submit(request("hello", 40, 7));
    turnUntilIdle();
    String text = read(free);
    String stop = text.substring(10, 12);
    GenerationStream stopped =
        submit(
            new GenerationRequest(
                "hello", 40, SamplingParameters.DEFAULT, 7, List.of(stop), -1, true, "current"));
    turnUntilIdle();

    assertThat(read(stopped)).isEqualTo("hello" + text.substring(0, text.indexOf(stop)));
    assertThat(finished).containsExactly(FinishReason.LENGTH, FinishReason.STOP);
  }

  @Test
  void tellsLogProbabilitiesThatSumToOne() {
    Vocabulary few = Vocabulary.of("\nabcdefgh");
    String version = TestCheckpoints.publish(store, few, TestCheckpoints.small(few), 3);
    handover.offer(new ModelLoader(Device.cpu()).load(store.open(version)));
    while (handover.current().isEmpty()) {
      loop.turn();
    }
    int all = few.size();
    GenerationStream stream =
        submit(
            new GenerationRequest(
                "a", 3, SamplingParameters.DEFAULT, 7, List.of(), all, false, "current"));
    turnUntilIdle();
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
  void aLongPromptIsReadInPartsBetweenTheStepsOfOthers() {
    serve(1);
    GenerationStream running = submit(request("a", 1000, 1));
    loop.turn();
    String prompt = "hello world ".repeat(300);
    GenerationStream late = submit(request(prompt, 20, 7));
    int turns = 0;
    while (!late.started().toCompletableFuture().isDone()) {
      int before = read(running).length();
      loop.turn();
      turns++;
      assertThat(before + read(running).length()).isPositive();
    }

    assertThat(turns).isEqualTo(3600 / Prompts.PART);
    running.cancel();
    turnUntilIdle();
    assertThat(read(late)).hasSize(20);
  }

  @Test
  void promptsThatWaitAreReadTogether() {
    serve(1);
    String prompt = "hello world ".repeat(4);
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      streams.add(submit(request(prompt, 20, i)));
    }
    for (int turn = 0; turn < prompt.length() / Prompts.PART; turn++) {
      assertThat(streams).noneMatch(stream -> stream.started().toCompletableFuture().isDone());
      loop.turn();
    }

    assertThat(streams).allMatch(stream -> stream.started().toCompletableFuture().isDone());
  }

  @Test
  void aFailureBeforeTheFirstCharacterIsARefusalAndTheLoopGoesOn() {
    ServedModel model = serve(1);
    model.decoder().close();
    GenerationStream stream = submit(request("hello", 5, 1));
    turnUntilIdle();

    assertThat(stream.started().toCompletableFuture()).isCompletedExceptionally();
    assertThat(failed).hasValue(1);
    assertThat(loop.running()).isZero();
    serve(2);
    GenerationStream next = submit(request("hello", 5, 1));
    turnUntilIdle();
    assertThat(read(next)).hasSize(5);
  }

  @Test
  void aFailureLaterIsAnErrorEventForThoseItConcerns() {
    ServedModel model = serve(1);
    GenerationStream stream = submit(request("hello", 50, 1));
    loop.turn();
    model.decoder().close();
    turnUntilIdle();

    assertThat(read(stream)).isNotEmpty().hasSizeLessThan(50);
    assertThat(stream.ended().toCompletableFuture()).isCompleted();
    assertThat(failed).hasValue(1);
    assertThat(loop.running()).isZero();
  }

  @Test
  void aModelThatCannotBeWarmedIsReportedToItsLoader() {
    serve(1);
    ServedModel broken = offer(2);
    broken.decoder().close();
    turnUntilIdle();

    assertThat(handover.residents()).hasSize(1);
    assertThat(handover.pollFailure().version()).isEqualTo(broken.version());
    GenerationStream stream = submit(request("hello", 5, 1));
    turnUntilIdle();
    assertThat(read(stream)).hasSize(5);
  }

  @Test
  void leavesNothingBehindOnTheDevice() {
    ServedModel model = serve(1);
    int before = model.manager().getManagedArrays().size();
    for (int i = 0; i < 2 * SLOTS; i++) {
      submit(request("hello", 10 + i, i));
    }
    turnUntilIdle();

    // The state of the last batch is kept for the next one.
    assertThat(model.manager().getManagedArrays().size()).isBetween(before, before + 1);
  }
}
