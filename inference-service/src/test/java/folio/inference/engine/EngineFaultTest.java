package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.api.Service;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.models.CheckpointWatcher;
import folio.inference.models.LoadListener;
import folio.inference.models.LoadedModel;
import folio.inference.models.ModelLoader;
import folio.inference.models.ResidentModels;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults under a running engine. */
class EngineFaultTest {
  private static final int ENDLESS = 1_000_000;

  @TempDir Path root;
  private final ResidentModels models = new ResidentModels();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicReference<LoadedModel> loadedLast = new AtomicReference<>();
  private final InferenceEngine engine =
      new InferenceEngine(
          new InferenceEngine.Settings(
              8, new WorkerSettings(Device.cpu(), 2, 4), 8, Duration.ofMinutes(1)),
          models,
          new EngineListener() {
            @Override
            public void failed(int generations, Throwable cause) {
              failed.addAndGet(generations);
            }
          });
  private CheckpointWatcher watcher;

  @BeforeEach
  void serve() {
    CheckpointStore store = new CheckpointStore(root);
    TestCheckpoints.publishCurrent(store, 1);
    watcher =
        new CheckpointWatcher(
            store,
            checkpoint -> {
              LoadedModel model = new ModelLoader(Device.cpu()).load(checkpoint);
              loadedLast.set(model);
              return model;
            },
            models,
            new LoadListener() {});
    engine.start();
    watcher.poll();
    Service.await("a model", () -> models.current().isPresent());
  }

  @AfterEach
  void close() {
    engine.close();
    assertThat(models.residents()).isEmpty();
  }

  private GenerationStream submit(int maxTokens) {
    return engine.submit(GenerationRequest.builder("a", maxTokens).seed(1).build());
  }

  /**
   * Closes the decoder on the worker's thread: closing it while another thread computes would end
   * the process.
   */
  private void closeBetweenSteps(GenerationStream running) {
    Thread here = Thread.currentThread();
    AtomicBoolean closed = new AtomicBoolean();
    running.onReadable(
        () -> {
          if (Thread.currentThread() != here && closed.compareAndSet(false, true)) {
            loadedLast.get().decoder().close();
          }
        });
  }

  private static GenerationEvent lastOf(GenerationStream stream) {
    stream.ended().toCompletableFuture().join();
    GenerationEvent last = null;
    for (GenerationEvent event = stream.poll(); event != null; event = stream.poll()) {
      last = event;
    }
    return last;
  }

  @Test
  void aDeviceErrorFailsTheBatchAndTheModelIsLoadedAgain() {
    GenerationStream first = submit(ENDLESS);
    GenerationStream second = submit(ENDLESS);
    first.started().toCompletableFuture().join();
    second.started().toCompletableFuture().join();
    closeBetweenSteps(first);

    assertThat(lastOf(first)).isInstanceOf(GenerationEvent.Failed.class);
    assertThat(lastOf(second)).isInstanceOf(GenerationEvent.Failed.class);
    assertThat(failed).hasValue(2);
    Service.await("no model", () -> models.current().isEmpty());
    Service.await(
        "the model again",
        () -> {
          watcher.poll();
          return models.current().isPresent();
        });
    assertThat(lastOf(submit(20))).isInstanceOf(GenerationEvent.Finished.class);
    assertThat(failed).hasValue(2);
  }

  @Test
  void aReaderThatThrowsEndsItsOwnStreamAlone() {
    GenerationStream good = submit(ENDLESS);
    GenerationStream bad = submit(ENDLESS);
    bad.started().toCompletableFuture().join();
    AtomicInteger calls = new AtomicInteger();
    bad.onReadable(
        () -> {
          if (calls.incrementAndGet() == 3) {
            throw new IllegalStateException("this reader is broken");
          }
        });

    assertThat(lastOf(bad)).isInstanceOf(GenerationEvent.Failed.class);
    assertThat(failed).hasValue(1);
    Service.await("one left", () -> engine.running() == 1);
    assertThat(good.ended().toCompletableFuture()).isNotDone();
    good.cancel();
    assertThat(lastOf(good)).isInstanceOf(GenerationEvent.Finished.class);
  }

  @Test
  void aStalledLoopIsVisible() {
    CountDownLatch release = new CountDownLatch(1);
    GenerationStream stuck = submit(ENDLESS);
    Thread here = Thread.currentThread();
    stuck.onReadable(
        () -> {
          try {
            if (Thread.currentThread() != here) {
              release.await();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    Duration limit = Duration.ofMillis(300);
    try {
      Service.await(
          "an iteration that takes too long",
          () -> engine.sinceLastIteration().compareTo(limit) > 0);
    } finally {
      release.countDown();
    }
    stuck.cancel();

    assertThat(lastOf(stuck)).isInstanceOf(GenerationEvent.Finished.class);
    Service.await("iterations again", () -> engine.sinceLastIteration().compareTo(limit) < 0);
  }
}
