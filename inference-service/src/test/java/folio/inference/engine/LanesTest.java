package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.decoding.Decoder;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelLoader;
import folio.inference.serving.ModelState;
import folio.inference.serving.ServedModel;
import folio.model.checkpoint.CheckpointStore;
import folio.model.sampling.SamplingParameters;
import folio.model.testing.TestCheckpoints;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two lanes whose turns are taken by hand, each at its own pace. */
class LanesTest {
  private static final int SLOTS = 12;
  private static final Lanes LANES = new Lanes(Device.cpu(), 2, 4);

  @TempDir Path root;
  private final ModelHandover handover = new ModelHandover();
  private final AdmissionQueue queue = new AdmissionQueue(SLOTS, 10, LANES);
  private final List<Integer> failed = new ArrayList<>();
  private final ModelRotation models =
      new ModelRotation(LANES.count(), handover, EngineListener.NONE);
  private final DecodeLoop.Shared shared =
      new DecodeLoop.Shared(
          queue,
          models,
          new EngineListener() {
            @Override
            public void failed(int generations, Throwable cause) {
              failed.add(generations);
            }
          },
          Duration.ofMinutes(1));
  private final DecodeLoop first = new DecodeLoop(0, shared);
  private final DecodeLoop second = new DecodeLoop(1, shared);
  private CheckpointStore store;

  @BeforeEach
  void open() {
    Decoder.prepareThread(Device.cpu());
    store = new CheckpointStore(root);
  }

  @AfterEach
  void close() {
    first.close();
    second.close();
    models.close();
    assertThat(handover.residents()).isEmpty();
  }

  private ServedModel offer(long seed) {
    ServedModel model =
        new ModelLoader(Device.cpu()).load(store.open(TestCheckpoints.publish(store, seed)));
    handover.offer(model);
    return model;
  }

  private ServedModel serve(long seed) {
    ServedModel model = offer(seed);
    while (!isCurrent(model)) {
      first.turn();
      second.turn();
    }
    return model;
  }

  private boolean isCurrent(ServedModel model) {
    return handover.current().stream().anyMatch(r -> r.version().equals(model.version()));
  }

  private List<GenerationStream> submit(int requests) {
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      streams.add(submit(i, GenerationRequest.CURRENT));
    }
    return streams;
  }

  private GenerationStream submit(long seed, String version) {
    GenerationStream stream = new GenerationStream();
    GenerationRequest request =
        new GenerationRequest(
            "a", 1000, SamplingParameters.DEFAULT, seed, List.of(), -1, false, version);
    assertThat(queue.offer(new Waiting(request, stream, System.nanoTime()))).isTrue();
    return stream;
  }

  /** Few requests go to the first lane, the next ones to the second. */
  private void admitToBoth() {
    first.turn();
    second.turn();
    first.turn();
  }

  private static String read(GenerationStream stream) {
    StringBuilder text = new StringBuilder();
    while (stream.poll() instanceof GenerationEvent.Text part) {
      text.append(part.text());
    }
    return text.toString();
  }

  @Test
  void haveSlotsOfTheirOwn() {
    serve(1);
    List<GenerationStream> streams = submit(10);
    admitToBoth();
    second.turn();

    assertThat(first.running()).isEqualTo(5);
    assertThat(second.running()).isEqualTo(5);
    streams.forEach(GenerationStream::cancel);
  }

  @Test
  void doNotWaitForEachOther() {
    serve(1);
    List<GenerationStream> streams = submit(8);
    admitToBoth();
    int inSecond = read(streams.get(7)).length();
    for (int i = 0; i < 10; i++) {
      first.turn();
    }

    assertThat(read(streams.get(0))).hasSizeGreaterThan(10);
    assertThat(read(streams.get(7)).length() + inSecond).isLessThan(3);
    streams.forEach(GenerationStream::cancel);
  }

  @Test
  void aModelServesOnceEveryLaneHasWarmedIt() {
    ServedModel model = offer(1);
    while (first.turn()) {
      // until this lane has no more to warm
    }
    assertThat(isCurrent(model)).isFalse();
    while (second.turn()) {
      // likewise
    }

    assertThat(isCurrent(model)).isTrue();
  }

  @Test
  void aModelStaysUntilTheLastLaneHasLeftIt() {
    ServedModel old = serve(1);
    List<GenerationStream> streams = submit(8);
    admitToBoth();
    serve(2);
    streams.subList(0, 4).forEach(GenerationStream::cancel);
    first.turn();
    assertThat(handover.residents())
        .extracting(ModelHandover.Resident::state)
        .containsExactly(ModelState.RETIRING, ModelState.CURRENT);
    String before = read(streams.get(7));
    second.turn();
    assertThat(before + read(streams.get(7))).hasSizeGreaterThan(before.length());
    streams.forEach(GenerationStream::cancel);
    second.turn();

    assertThat(handover.residents())
        .extracting(ModelHandover.Resident::version)
        .doesNotContain(old.version());
  }

  @Test
  void aPassThatFailsInOneLaneEndsTheModelInAll() {
    ServedModel model = serve(1);
    List<GenerationStream> streams = submit(8);
    admitToBoth();
    second.turn();
    model.decoder().close();
    first.turn();
    assertThat(models.serves()).isFalse();
    assertThat(handover.pollFailure()).isNull(); // the second lane still has it
    second.turn();

    assertThat(failed).contains(4).hasSizeGreaterThanOrEqualTo(2);
    assertThat(streams)
        .allSatisfy(stream -> assertThat(stream.ended().toCompletableFuture()).isDone());
    assertThat(handover.pollFailure().version()).isEqualTo(model.version());
    ServedModel next = serve(2);
    assertThat(isCurrent(next)).isTrue();
  }

  @Test
  void aModelThatCannotTakeARequestIsLostAndFailsThatRequestAlone() {
    ServedModel old = serve(1);
    List<GenerationStream> inFirst = submit(4);
    first.turn();
    serve(2); // the second lane has left the old model, which runs in the first
    old.decoder().close();
    GenerationStream asked = submit(5, old.version());
    second.turn();

    assertThat(asked.started().toCompletableFuture()).isCompletedExceptionally();
    assertThat(failed).containsExactly(1);
    assertThat(queue.size()).isZero();
    first.turn();
    assertThat(inFirst)
        .allSatisfy(stream -> assertThat(stream.ended().toCompletableFuture()).isDone());
    assertThat(queue.running()).isZero();
    assertThat(handover.pollFailure().version()).isEqualTo(old.version());
    List<GenerationStream> others = submit(1);
    first.turn();
    assertThat(first.running() + second.running()).isOne();
    others.forEach(GenerationStream::cancel);
  }
}
