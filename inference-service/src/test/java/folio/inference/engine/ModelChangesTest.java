package folio.inference.engine;

import static folio.inference.engine.HandTurnedEngine.read;
import static folio.inference.engine.HandTurnedEngine.request;
import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.generation.GenerationStream;
import folio.inference.generation.Refusal;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelState;
import folio.inference.serving.ServedModel;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests keep to the model that they began with, while it is replaced or fails. */
class ModelChangesTest {
  private static final int SLOTS = 3;

  @TempDir Path root;
  private CheckpointStore store;
  private HandTurnedEngine engine;

  @BeforeEach
  void open() {
    store = new CheckpointStore(root);
    engine = new HandTurnedEngine(store, SLOTS);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aRunningRequestStaysOnTheWeightsItBeganWith() {
    ServedModel old = engine.serve(1);
    GenerationStream before = engine.submit(request("a", 60, 1));
    engine.turn();
    ServedModel young = engine.serve(2);
    GenerationStream after = engine.submit(request("a", 5, 1));
    engine.turn();

    assertThat(engine.handover.residents())
        .extracting(ModelHandover.Resident::state)
        .containsExactly(ModelState.RETIRING, ModelState.CURRENT);
    assertThat(engine.handover.requestRoom()).isFalse();
    engine.turnUntilIdle();
    assertThat(before.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(old.version());
    assertThat(after.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(young.version());
    assertThat(read(before)).hasSize(60);
    assertThat(engine.handover.residents())
        .extracting(ModelHandover.Resident::version)
        .containsExactly(young.version());
    assertThat(engine.handover.requestRoom()).isTrue();
  }

  @Test
  void aRetiringModelCanBeAskedForUntilItsRoomIsWanted() {
    ServedModel old = engine.serve(1);
    engine.submit(request("a", 100, 1));
    engine.turn();
    engine.serve(2);
    GenerationStream pinned = engine.submit(request("a", 3, 1, old.version()));
    engine.turn();
    assertThat(pinned.started().toCompletableFuture().join().modelVersion())
        .isEqualTo(old.version());

    assertThat(engine.handover.requestRoom()).isFalse();
    GenerationStream late = engine.submit(request("a", 3, 1, old.version()));
    engine.turn();
    assertThat(HandTurnedEngine.refusalOf(late)).isEqualTo(new Refusal.UnknownModel(old.version()));
  }

  @Test
  void aQueuedPromptIsEncodedByTheModelWhoseSlotItTakes() {
    engine.serve(1);
    GenerationStream unknown = engine.submit(request("caf\u00e9", 5, 1));
    engine.turnUntilIdle();

    assertThat(HandTurnedEngine.refusalOf(unknown))
        .isInstanceOfSatisfying(
            Refusal.UnknownCharacter.class,
            refusal -> {
              assertThat(refusal.position()).isEqualTo(3);
              assertThat(refusal.character()).isEqualTo("\u00e9");
            });
    Vocabulary accents = Vocabulary.of("\ncaf\u00e9");
    String version = TestCheckpoints.publish(store, accents, TestCheckpoints.small(accents), 3);
    engine.serve(version);
    GenerationStream known = engine.submit(request("caf\u00e9", 5, 1));
    engine.turnUntilIdle();
    assertThat(read(known)).hasSize(5);
  }

  @Test
  void aFailureBeforeTheFirstCharacterIsARefusalAndTheLoopGoesOn() {
    ServedModel model = engine.serve(1);
    model.decoder().close();
    GenerationStream stream = engine.submit(request("hello", 5, 1));
    engine.turnUntilIdle();

    assertThat(stream.started().toCompletableFuture()).isCompletedExceptionally();
    assertThat(engine.heard.failed()).isEqualTo(1);
    assertThat(engine.running()).isZero();
    engine.serve(2);
    GenerationStream next = engine.submit(request("hello", 5, 1));
    engine.turnUntilIdle();
    assertThat(read(next)).hasSize(5);
  }

  @Test
  void aFailureLaterIsAnErrorEventForThoseItConcerns() {
    ServedModel model = engine.serve(1);
    GenerationStream stream = engine.submit(request("hello", 50, 1));
    engine.turn();
    model.decoder().close();
    engine.turnUntilIdle();

    assertThat(read(stream)).isNotEmpty().hasSizeLessThan(50);
    assertThat(stream.ended().toCompletableFuture()).isCompleted();
    assertThat(engine.heard.failed()).isEqualTo(1);
    assertThat(engine.running()).isZero();
  }

  @Test
  void aModelThatCannotBeWarmedIsReportedToItsLoader() {
    engine.serve(1);
    ServedModel broken = engine.offer(2);
    broken.decoder().close();
    engine.turnUntilIdle();

    assertThat(engine.handover.residents()).hasSize(1);
    assertThat(engine.handover.pollFailure().version()).isEqualTo(broken.version());
    GenerationStream stream = engine.submit(request("hello", 5, 1));
    engine.turnUntilIdle();
    assertThat(read(stream)).hasSize(5);
  }
}
