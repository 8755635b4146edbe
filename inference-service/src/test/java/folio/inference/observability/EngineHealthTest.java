package folio.inference.observability;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.api.Service;
import folio.inference.engine.EngineListener;
import folio.inference.engine.InferenceEngine;
import folio.inference.engine.WorkerSettings;
import folio.inference.models.CheckpointWatcher;
import folio.inference.models.LoadListener;
import folio.inference.models.LoadedModel;
import folio.inference.models.ModelLoader;
import folio.inference.models.ResidentModels;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import io.netty.channel.DefaultEventLoopGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Liveness fails once any thread that the service needs has ended or stands still. */
class EngineHealthTest {
  private static final Duration LIMIT = Duration.ofMillis(1500);

  @TempDir Path root;
  private final ResidentModels models = new ResidentModels();
  private final List<Throwable> watcherErrors = new CopyOnWriteArrayList<>();
  private final DefaultEventLoopGroup loops = new DefaultEventLoopGroup(2);
  private final InferenceEngine engine =
      new InferenceEngine(
          new InferenceEngine.Settings(
              1, new WorkerSettings(Device.cpu(), 1, 4), 1, Duration.ofMinutes(1)),
          models,
          EngineListener.NONE);

  @AfterEach
  void close() {
    engine.close();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private CheckpointWatcher watcher(Function<Checkpoint, LoadedModel> loader) {
    LoadListener listener =
        new LoadListener() {
          @Override
          public void failed(Throwable cause) {
            watcherErrors.add(cause);
          }
        };
    return new CheckpointWatcher(new CheckpointStore(root), loader, models, listener);
  }

  private HealthCheck liveness(CheckpointWatcher watcher) {
    return new EngineHealth(engine, watcher, new EventLoopHeartbeat(loops), LIMIT).liveness();
  }

  private HealthCheck liveness() {
    return liveness(watcher(new ModelLoader(Device.cpu())::load));
  }

  private static void await(HealthCheck liveness, String stopped) {
    Service.await(
        "liveness with stopped=" + stopped,
        () -> {
          HealthCheckResponse response = liveness.call();
          boolean up = response.getStatus() == Status.UP;
          return up == stopped.equals("none")
              && response.getData().orElseThrow().get("stopped").equals(stopped);
        });
  }

  @Test
  void isLiveOnlyWhileTheDecodeLoopRuns() {
    HealthCheck liveness = liveness();
    await(liveness, "decode worker");
    engine.start();
    await(liveness, "none");

    assertThat(liveness.call().getName()).isEqualTo("the decode loop turns");
  }

  @Test
  void failsWhenAnErrorEndsTheWatcher() throws InterruptedException {
    TestCheckpoints.publishCurrent(new CheckpointStore(root), 1);
    ExceptionInInitializerError error = new ExceptionInInitializerError("a broken class");
    CheckpointWatcher watcher =
        watcher(
            checkpoint -> {
              throw error;
            });
    engine.start();
    HealthCheck liveness = liveness(watcher);
    await(liveness, "none");
    Thread thread = new Thread(() -> watcher.run(Duration.ofMillis(10)));
    thread.setUncaughtExceptionHandler((ended, cause) -> {});
    thread.start();
    thread.join();

    await(liveness, "checkpoint watcher");
    assertThat(watcherErrors).containsExactly(error);
  }

  @Test
  void failsWhileAnEventLoopStandsStill() {
    engine.start();
    HealthCheck liveness = liveness();
    await(liveness, "none");
    CountDownLatch release = new CountDownLatch(1);
    loops
        .next()
        .execute(
            () -> {
              try {
                release.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    try {
      await(liveness, "event loop");
    } finally {
      release.countDown();
    }
    await(liveness, "none");
  }
}
