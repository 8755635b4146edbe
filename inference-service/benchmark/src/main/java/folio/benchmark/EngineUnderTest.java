package folio.benchmark;

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
 * The engine wired as the service wires it, without HTTP, metrics and a watcher. Owned by one
 * thread.
 */
final class EngineUnderTest implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(5);

  private final ResidentModels models = new ResidentModels();
  private final InferenceEngine engine;

  /**
   * Starts an engine and waits until it serves a model.
   *
   * @param settings its bounds
   * @param loader makes the model
   * @throws BenchmarkException if the engine cannot use the model
   */
  EngineUnderTest(Checkpoint checkpoint, InferenceEngine.Settings settings, ModelLoader loader) {
    engine = new InferenceEngine(settings, models, EngineListener.NONE);
    engine.start();
    models.offer(loader.load(checkpoint));
    await("serve the model", this::serves);
  }

  private boolean serves() {
    ResidentModels.Failure failure = models.pollFailure();
    if (failure != null) {
      throw new BenchmarkException("the engine refuses the model: " + failure.message());
    }
    return models.current().isPresent();
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new BenchmarkException(
            "the engine did not " + what + " within " + LIMIT.toSeconds() + " seconds");
      }
      Pause.of(LOOK_INTERVAL);
    }
  }

  GenerationStream submit(GenerationRequest request) {
    return engine.submit(request);
  }

  /** Waits until nothing runs. */
  void awaitIdle() {
    await("become idle", () -> engine.running() == 0 && engine.waiting() == 0);
  }

  @Override
  public void close() {
    engine.close();
  }
}
