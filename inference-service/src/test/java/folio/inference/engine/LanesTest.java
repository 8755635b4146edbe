package folio.inference.engine;

import static folio.inference.engine.HandTurnedEngine.read;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.onchip.Chip;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelState;
import folio.inference.serving.ServedModel;
import folio.model.checkpoint.CheckpointStore;
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
  private HandTurnedEngine engine;
  private DecodeLoop first;
  private DecodeLoop second;

  @BeforeEach
  void open() {
    CheckpointStore store = new CheckpointStore(root);
    engine = new HandTurnedEngine(store, SLOTS, LANES, Chip.Maker.NONE, Duration.ofMinutes(1));
    first = engine.lane(0);
    second = engine.lane(1);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private List<GenerationStream> submit(int requests) {
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      streams.add(submit(i, GenerationRequest.CURRENT));
    }
    return streams;
  }

  private GenerationStream submit(long seed, String version) {
    return engine.submit(HandTurnedEngine.request("a", 1000, seed, version));
  }

  /** Few requests go to the first lane, the next ones to the second. */
  private void admitToBoth() {
    first.turn();
    second.turn();
    first.turn();
  }

  @Test
  void haveSlotsOfTheirOwn() {
    engine.serve(1);
    List<GenerationStream> streams = submit(10);
    admitToBoth();
    second.turn();

    assertThat(first.running()).isEqualTo(5);
    assertThat(second.running()).isEqualTo(5);
    streams.forEach(GenerationStream::cancel);
  }

  @Test
  void doNotWaitForEachOther() {
    engine.serve(1);
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
    ServedModel model = engine.offer(1);
    while (first.turn()) {
      // until this lane has no more to warm
    }
    assertThat(engine.isCurrent(model)).isFalse();
    while (second.turn()) {
      // likewise
    }

    assertThat(engine.isCurrent(model)).isTrue();
  }

  @Test
  void aModelStaysUntilTheLastLaneHasLeftIt() {
    ServedModel old = engine.serve(1);
    List<GenerationStream> streams = submit(8);
    admitToBoth();
    engine.serve(2);
    streams.subList(0, 4).forEach(GenerationStream::cancel);
    first.turn();
    assertThat(engine.handover.residents())
        .extracting(ModelHandover.Resident::state)
        .containsExactly(ModelState.RETIRING, ModelState.CURRENT);
    String before = read(streams.get(7));
    second.turn();
    assertThat(before + read(streams.get(7))).hasSizeGreaterThan(before.length());
    streams.forEach(GenerationStream::cancel);
    second.turn();

    assertThat(engine.handover.residents())
        .extracting(ModelHandover.Resident::version)
        .doesNotContain(old.version());
  }

  @Test
  void aPassThatFailsInOneLaneEndsTheModelInAll() {
    ServedModel model = engine.serve(1);
    List<GenerationStream> streams = submit(8);
    admitToBoth();
    second.turn();
    model.decoder().close();
    first.turn();
    assertThat(engine.models.serves()).isFalse();
    assertThat(engine.handover.pollFailure()).isNull(); // the second lane still has it
    second.turn();

    assertThat(engine.heard.failures).contains(4).hasSizeGreaterThanOrEqualTo(2);
    assertThat(streams)
        .allSatisfy(stream -> assertThat(stream.ended().toCompletableFuture()).isDone());
    assertThat(engine.handover.pollFailure().version()).isEqualTo(model.version());
    ServedModel next = engine.serve(2);
    assertThat(engine.isCurrent(next)).isTrue();
  }

  @Test
  void aModelThatCannotTakeARequestIsLostAndFailsThatRequestAlone() {
    ServedModel old = engine.serve(1);
    List<GenerationStream> inFirst = submit(4);
    first.turn();
    engine.serve(2); // the second lane has left the old model, which runs in the first
    old.decoder().close();
    GenerationStream asked = submit(5, old.version());
    second.turn();

    assertThat(asked.started().toCompletableFuture()).isCompletedExceptionally();
    assertThat(engine.heard.failures).containsExactly(1);
    assertThat(engine.queue.size()).isZero();
    first.turn();
    assertThat(inFirst)
        .allSatisfy(stream -> assertThat(stream.ended().toCompletableFuture()).isDone());
    assertThat(engine.queue.running()).isZero();
    assertThat(engine.handover.pollFailure().version()).isEqualTo(old.version());
    List<GenerationStream> others = submit(1);
    first.turn();
    assertThat(engine.running()).isOne();
    others.forEach(GenerationStream::cancel);
  }
}
