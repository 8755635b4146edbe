package folio.inference.engine;

import static folio.inference.engine.ManualEngine.read;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.fused.FusedDecoderFactory;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.models.LoadedModel;
import folio.inference.models.ModelState;
import folio.inference.models.ResidentModels;
import folio.model.checkpoint.CheckpointStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two workers whose iterations the test runs, each at its own pace. */
class WorkersTest {
  private static final int SLOTS = 12;
  private static final WorkerSettings TWO_WORKERS = new WorkerSettings(Device.cpu(), 2, 4);

  @TempDir Path root;
  private ManualEngine engine;
  private DecodeLoop first;
  private DecodeLoop second;

  @BeforeEach
  void open() {
    CheckpointStore store = new CheckpointStore(root);
    engine =
        new ManualEngine(
            store, SLOTS, TWO_WORKERS, FusedDecoderFactory.Loader.NONE, Duration.ofMinutes(1));
    first = engine.worker(0);
    second = engine.worker(1);
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
    return engine.submit(ManualEngine.request("a", 1000, seed, version));
  }

  /** Admits the first requests to the first worker and the rest to the second. */
  private void admitToBothWorkers() {
    first.iterate();
    second.iterate();
    first.iterate();
  }

  @Test
  void haveSequencesOfTheirOwn() {
    engine.serve(1);
    List<GenerationStream> streams = submit(10);
    admitToBothWorkers();
    second.iterate();

    assertThat(first.sequenceCount()).isEqualTo(5);
    assertThat(second.sequenceCount()).isEqualTo(5);
    streams.forEach(GenerationStream::cancel);
  }

  @Test
  void doNotWaitForEachOther() {
    engine.serve(1);
    List<GenerationStream> streams = submit(8);
    admitToBothWorkers();
    int inSecond = read(streams.get(7)).length();
    for (int i = 0; i < 10; i++) {
      first.iterate();
    }

    assertThat(read(streams.get(0))).hasSizeGreaterThan(10);
    assertThat(read(streams.get(7)).length() + inSecond).isLessThan(3);
    streams.forEach(GenerationStream::cancel);
  }

  @Test
  void aModelServesOnceEveryWorkerHasWarmedIt() {
    LoadedModel model = engine.offer(1);
    while (first.iterate()) {
      // until the first worker has warmed it
    }
    assertThat(engine.isCurrent(model)).isFalse();
    while (second.iterate()) {
      // until the second worker has warmed it
    }

    assertThat(engine.isCurrent(model)).isTrue();
  }

  @Test
  void aModelStaysUntilTheLastWorkerHasLeftIt() {
    LoadedModel old = engine.serve(1);
    List<GenerationStream> streams = submit(8);
    admitToBothWorkers();
    engine.serve(2);
    streams.subList(0, 4).forEach(GenerationStream::cancel);
    first.iterate();
    assertThat(engine.models.residents())
        .extracting(ResidentModels.Resident::state)
        .containsExactly(ModelState.RETIRING, ModelState.CURRENT);
    String before = read(streams.get(7));
    second.iterate();
    assertThat(before + read(streams.get(7))).hasSizeGreaterThan(before.length());
    streams.forEach(GenerationStream::cancel);
    second.iterate();

    assertThat(engine.models.residents())
        .extracting(ResidentModels.Resident::version)
        .doesNotContain(old.version());
  }

  @Test
  void aPassThatFailsOnOneWorkerEndsTheModelOnAll() {
    LoadedModel model = engine.serve(1);
    List<GenerationStream> streams = submit(8);
    admitToBothWorkers();
    second.iterate();
    model.decoder().close();
    first.iterate();
    assertThat(engine.models.serves()).isFalse();
    assertThat(engine.models.pollFailure()).isNull(); // the second worker still holds it
    second.iterate();

    assertThat(engine.events.failures).contains(4).hasSizeGreaterThanOrEqualTo(2);
    assertThat(streams)
        .allSatisfy(
            stream ->
                assertThat(Outcome.of(stream).end()).isInstanceOf(GenerationEvent.Failed.class));
    assertThat(engine.models.pollFailure().version()).isEqualTo(model.version());
    LoadedModel next = engine.serve(2);
    assertThat(engine.isCurrent(next)).isTrue();
  }

  @Test
  void aModelThatCannotTakeARequestIsLostAndFailsThatRequestAlone() {
    LoadedModel old = engine.serve(1);
    List<GenerationStream> inFirst = submit(4);
    first.iterate();
    engine.serve(2); // the second worker has left the old model; the first still runs it
    old.decoder().close();
    GenerationStream asked = submit(5, old.version());
    second.iterate();

    assertThat(asked.started().toCompletableFuture()).isCompletedExceptionally();
    assertThat(engine.events.failures).containsExactly(1);
    assertThat(engine.queue.size()).isZero();
    first.iterate();
    assertThat(inFirst)
        .allSatisfy(
            stream ->
                assertThat(Outcome.of(stream).end()).isInstanceOf(GenerationEvent.Failed.class));
    assertThat(engine.queue.running()).isZero();
    assertThat(engine.models.pollFailure().version()).isEqualTo(old.version());
    List<GenerationStream> others = submit(1);
    first.iterate();
    assertThat(engine.running()).isOne();
    others.forEach(GenerationStream::cancel);
  }
}
