package folio.inference.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResidentModelsTest {
  private static final int SWAPS = 300;
  private static final int WORKER = 0;
  private static final int OTHER_WORKER = 1;

  @TempDir Path root;
  private final List<String> events = new ArrayList<>();
  private final ResidentModels models = new ResidentModels();
  private final ModelLoader loader = new ModelLoader(Device.cpu());
  private Checkpoint checkpoint;

  @BeforeEach
  void publish() {
    publish(1);
    connect(1);
  }

  private void publish(int seed) {
    CheckpointStore store = new CheckpointStore(root);
    checkpoint = store.open(TestCheckpoints.publish(store, seed));
  }

  private void connect(int workers) {
    models.connect(
        workers,
        new ModelListener() {
          @Override
          public void activated(String version) {
            events.add("activated");
          }

          @Override
          public void closed(String version) {
            events.add("closed");
          }
        },
        () -> {});
  }

  @AfterEach
  void close() {
    models.close();
    assertThat(models.residents()).isEmpty();
  }

  private void offer() {
    models.offer(loader.load(checkpoint));
  }

  private ResidentModel serve() {
    offer();
    ResidentModel model = models.acquireForWarmUp(WORKER);
    models.warmed(model, WORKER, false);
    return model;
  }

  private List<ModelState> states() {
    return models.residents().stream().map(ResidentModels.Resident::state).toList();
  }

  @Test
  void aReaderAlwaysSeesACurrentModelDuringSwaps() throws InterruptedException {
    ResidentModel current = serve();
    AtomicBoolean swapping = new AtomicBoolean(true);
    CountDownLatch looking = new CountDownLatch(1);
    CompletableFuture<Long> missing =
        CompletableFuture.supplyAsync(
            () -> {
              long count = 0;
              while (swapping.get()) {
                count += models.current().isPresent() ? 0 : 1;
                looking.countDown();
              }
              return count;
            });
    looking.await();
    for (int i = 0; i < SWAPS; i++) {
      ResidentModel former = current;
      current = serve();
      models.release(former, WORKER);
    }
    swapping.set(false);

    assertThat(missing.join()).isZero();
    assertThat(models.residents()).hasSize(1);
  }

  @Test
  void aModelIsCurrentOnceEveryWorkerHasWarmedIt() {
    connect(2);
    offer();
    ResidentModel model = models.acquireForWarmUp(WORKER);
    assertThat(models.acquireForWarmUp(WORKER)).as("the worker holds it already").isNull();
    assertThat(models.acquireForWarmUp(OTHER_WORKER)).isSameAs(model);
    models.warmed(model, WORKER, false);
    assertThat(states()).containsExactly(ModelState.CANDIDATE);
    models.warmed(model, OTHER_WORKER, false);

    assertThat(states()).containsExactly(ModelState.CURRENT);
    assertThat(events).containsExactly("activated");
  }

  @Test
  void aRetiringModelIsClosedByTheLastWorkerThatLeavesIt() {
    connect(2);
    offer();
    ResidentModel old = models.acquireForWarmUp(WORKER);
    models.acquireForWarmUp(OTHER_WORKER);
    models.warmed(old, WORKER, false);
    models.warmed(old, OTHER_WORKER, false);
    offer();
    ResidentModel young = models.acquireForWarmUp(WORKER);
    models.acquireForWarmUp(OTHER_WORKER);
    models.warmed(young, WORKER, false);
    models.warmed(young, OTHER_WORKER, false);
    models.release(old, WORKER);
    assertThat(states()).containsExactly(ModelState.RETIRING, ModelState.CURRENT);
    models.release(old, OTHER_WORKER);

    assertThat(states()).containsExactly(ModelState.CURRENT);
    assertThat(events).containsExactly("activated", "activated", "closed");
  }

  @Test
  void aLostModelIsReportedOnceItIsClosed() {
    ResidentModel model = serve();
    models.fail(model, "broken");
    assertThat(models.serves()).isFalse();
    assertThat(models.current()).isEmpty();
    assertThat(models.pollFailure()).isNull();
    models.release(model, WORKER);

    assertThat(models.pollFailure())
        .isEqualTo(new ResidentModels.Failure(model.model().version(), "broken"));
    assertThat(models.residents()).isEmpty();
  }

  @Test
  void rejectsAThirdModelUntilThereIsRoom() {
    ResidentModel old = serve();
    serve();
    assertThat(models.requestRoomForLoad()).isFalse();
    try (LoadedModel third = loader.load(checkpoint)) {
      assertThatThrownBy(() -> models.offer(third)).isInstanceOf(IllegalStateException.class);
    }
    models.release(old, WORKER);

    assertThat(models.requestRoomForLoad()).isTrue();
  }

  @Test
  void aRetiringModelTakesNoRequestsOnceALoadWaits() {
    ResidentModel old = serve();
    publish(2);
    serve();
    String version = old.model().version();
    assertThat(models.acquire(version, WORKER)).isSameAs(old);
    assertThat(models.requestRoomForLoad()).isFalse();
    assertThat(models.acquire(version, WORKER)).isNull();
    models.withdrawLoadRequest();
    assertThat(models.acquire(version, WORKER)).isSameAs(old);
    models.release(old, WORKER);
  }

  @Test
  void aModelCannotSkipAPhase() {
    ResidentModel model = new ResidentModel(loader.load(checkpoint));
    try (LoadedModel loaded = model.model()) {
      assertThat(loaded.version()).isEqualTo(checkpoint.version());
      assertThatThrownBy(() -> model.become(ResidentModel.Phase.CURRENT))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("OFFERED");
    }
  }
}
