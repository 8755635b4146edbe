package folio.benchmark.subject;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.Pause;
import folio.inference.engine.EngineListener;
import folio.inference.engine.InferenceEngine;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.models.ModelLoader;
import folio.inference.models.ResidentModels;
import folio.model.checkpoint.Checkpoint;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * The inference engine inside this process, wired as in the service but without HTTP, metrics and
 * the checkpoint watcher. Owned by one thread.
 */
public final class InProcessEngine implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(5);

  private final ResidentModels models = new ResidentModels();
  private final InferenceEngine engine;

  /**
   * Starts an engine and waits until it serves a checkpoint.
   *
   * @param settings the engine's limits
   * @param loader the loader of the checkpoint's model
   * @throws BenchmarkException if the engine rejects the model
   */
  public InProcessEngine(
      Checkpoint checkpoint, InferenceEngine.Settings settings, ModelLoader loader) {
    engine = new InferenceEngine(settings, models, EngineListener.NONE);
    engine.start();
    models.offer(loader.load(checkpoint));
    await("serve the model", this::serves);
  }

  private boolean serves() {
    ResidentModels.Failure failure = models.pollFailure();
    if (failure != null) {
      throw new BenchmarkException("the engine rejects the model: " + failure.message());
    }
    return models.current().isPresent();
  }

  private static void await(String action, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new BenchmarkException(
            "the engine did not " + action + " within " + LIMIT.toSeconds() + " seconds");
      }
      Pause.sleep(POLL_INTERVAL);
    }
  }

  /** Submits a request to the engine and returns its stream. */
  public GenerationStream submit(GenerationRequest request) {
    return engine.submit(request);
  }

  /**
   * Waits until no request runs or waits.
   *
   * @throws BenchmarkException if that takes more than two minutes
   */
  public void awaitIdle() {
    await("become idle", () -> engine.running() == 0 && engine.waiting() == 0);
  }

  @Override
  public void close() {
    engine.close();
  }
}
