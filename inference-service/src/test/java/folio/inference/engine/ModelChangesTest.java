package folio.inference.engine;

import static folio.inference.engine.ManualEngine.read;
import static folio.inference.engine.ManualEngine.request;
import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Rejection;
import folio.inference.models.LoadedModel;
import folio.inference.models.ModelState;
import folio.inference.models.ResidentModels;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests while their model is replaced or fails. */
class ModelChangesTest {
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
  void aRunningRequestStaysOnItsWeights() {
    LoadedModel old = engine.serve(1);
    GenerationStream before = engine.submit(request("a", 60, 1));
    engine.iterate();
    LoadedModel young = engine.serve(2);
    GenerationStream after = engine.submit(request("a", 5, 1));
    engine.iterate();

    assertThat(engine.models.residents())
        .extracting(ResidentModels.Resident::state)
        .containsExactly(ModelState.RETIRING, ModelState.CURRENT);
    assertThat(engine.models.requestRoomForLoad()).isFalse();
    engine.runUntilIdle();
    assertThat(before.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(old.version());
    assertThat(after.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(young.version());
    assertThat(read(before)).hasSize(60);
    assertThat(engine.models.residents())
        .extracting(ResidentModels.Resident::version)
        .containsExactly(young.version());
    assertThat(engine.models.requestRoomForLoad()).isTrue();
  }

  @Test
  void aRetiringModelTakesRequestsUntilItsRoomIsRequested() {
    LoadedModel old = engine.serve(1);
    engine.submit(request("a", 100, 1));
    engine.iterate();
    engine.serve(2);
    GenerationStream pinned = engine.submit(request("a", 3, 1, old.version()));
    engine.iterate();
    assertThat(pinned.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(old.version());

    assertThat(engine.models.requestRoomForLoad()).isFalse();
    GenerationStream late = engine.submit(request("a", 3, 1, old.version()));
    engine.iterate();
    assertThat(ManualEngine.rejectionOf(late)).isEqualTo(new Rejection.UnknownModel(old.version()));
  }

  @Test
  void aQueuedPromptIsEncodedByTheModelWhoseSlotItTakes() {
    engine.serve(1);
    GenerationStream unknown = engine.submit(request("caf\u00e9", 5, 1));
    engine.runUntilIdle();

    assertThat(ManualEngine.rejectionOf(unknown))
        .isInstanceOfSatisfying(
            Rejection.UnknownCharacter.class,
            rejection -> {
              assertThat(rejection.position()).isEqualTo(3);
              assertThat(rejection.character()).isEqualTo("\u00e9");
            });
    Vocabulary accents = Vocabulary.of("\ncaf\u00e9");
    String version = TestCheckpoints.publish(store, accents, TestCheckpoints.small(accents), 3);
    engine.serve(version);
    GenerationStream known = engine.submit(request("caf\u00e9", 5, 1));
    engine.runUntilIdle();
    assertThat(read(known)).hasSize(5);
  }

  @Test
  void aFailureBeforeTheFirstTokenFailsTheRequestAndTheLoopContinues() {
    LoadedModel model = engine.serve(1);
    model.decoder().close();
    GenerationStream stream = engine.submit(request("hello", 5, 1));
    engine.runUntilIdle();

    assertThat(stream.started().toCompletableFuture()).isCompletedExceptionally();
    assertThat(engine.events.failed()).isEqualTo(1);
    assertThat(engine.running()).isZero();
    engine.serve(2);
    GenerationStream next = engine.submit(request("hello", 5, 1));
    engine.runUntilIdle();
    assertThat(read(next)).hasSize(5);
  }

  @Test
  void aFailureAfterTheFirstTokenIsAnErrorEvent() {
    LoadedModel model = engine.serve(1);
    GenerationStream stream = engine.submit(request("hello", 50, 1));
    engine.iterate();
    model.decoder().close();
    engine.runUntilIdle();

    Outcome outcome = Outcome.of(stream);
    assertThat(outcome.text()).isNotEmpty().hasSizeLessThan(50);
    assertThat(outcome.end()).isInstanceOf(GenerationEvent.Failed.class);
    assertThat(stream.ended().toCompletableFuture()).isCompleted();
    assertThat(engine.events.failed()).isEqualTo(1);
    assertThat(engine.running()).isZero();
  }

  @Test
  void aModelThatCannotBeWarmedIsReportedToItsLoader() {
    engine.serve(1);
    LoadedModel broken = engine.offer(2);
    broken.decoder().close();
    engine.runUntilIdle();

    assertThat(engine.models.residents()).hasSize(1);
    assertThat(engine.models.pollFailure().version()).isEqualTo(broken.version());
    GenerationStream stream = engine.submit(request("hello", 5, 1));
    engine.runUntilIdle();
    assertThat(read(stream)).hasSize(5);
  }
}
