package folio.inference.models;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelHandoverTest {
  private static final int SWAPS = 20_000;

  @TempDir Path root;
  private final ModelHandover handover = new ModelHandover();

  private LoadedModel offer(long seed) {
    CheckpointStore store = new CheckpointStore(root);
    LoadedModel model =
        new ModelLoader(Device.cpu()).load(store.open(TestCheckpoints.publish(store, seed)));
    handover.offer(model);
    assertThat(handover.poll()).isSameAs(model); // as the engine takes it
    return model;
  }

  @Test
  void nobodySeesAMomentWithoutACurrentModel() throws InterruptedException {
    try (LoadedModel one = offer(1);
        LoadedModel other = offer(2)) {
      handover.activated(one);
      AtomicBoolean swapping = new AtomicBoolean(true);
      CountDownLatch looking = new CountDownLatch(1);
      CompletableFuture<Long> missing =
          CompletableFuture.supplyAsync(
              () -> {
                long count = 0;
                while (swapping.get()) {
                  count += handover.current().isPresent() ? 0 : 1;
                  looking.countDown();
                }
                return count;
              });
      looking.await();
      for (int i = 0; i < SWAPS; i++) {
        handover.activated(i % 2 == 0 ? other : one);
      }
      swapping.set(false);

      assertThat(missing.join()).isZero();
    }
  }
}
