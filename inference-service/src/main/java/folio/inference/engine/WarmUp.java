package folio.inference.engine;

import folio.inference.models.ResidentModel;
import folio.inference.models.ResidentModels;
import folio.model.network.CharGruConfig;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;

/**
 * Warms new models, one pass per iteration of the worker, since kernels are chosen and compiled at
 * their first pass. The kernels of an architecture are warmed once; the CUDA graphs of a step hold
 * the addresses of weights, so they are captured for every model. Owned by a worker.
 */
final class WarmUp implements AutoCloseable {
  private final int worker;
  private final int rows;
  private final ResidentModels models;
  private final EngineListener listener;
  private final Set<CharGruConfig> warmed = new HashSet<>();
  private final Queue<Runnable> passes = new ArrayDeque<>();
  private ResidentModel model;
  private DecodeBatch batch;

  /**
   * Creates a warm-up without a model.
   *
   * @param rows the largest number of sequences that libtorch will step on this worker
   */
  WarmUp(int worker, int rows, ResidentModels models, EngineListener listener) {
    this.worker = worker;
    this.rows = rows;
    this.models = models;
    this.listener = listener;
  }

  /** Returns whether a model is being warmed. */
  boolean inProgress() {
    return model != null;
  }

  /** Runs one warm-up pass. Returns the model's batch after its last pass, else null. */
  DecodeBatch advance() {
    if (model == null) {
      model = models.acquireForWarmUp(worker);
      if (model == null) {
        return null;
      }
    }
    if (models.failureMessage(model) != null) {
      close();
      return null;
    }
    try {
      if (batch == null) {
        batch = new DecodeBatch(model);
        passes.addAll(batch.warmUps(rows, !warmed.add(architecture())));
      }
      Runnable pass = passes.poll();
      if (pass != null) {
        pass.run();
        return null;
      }
      return finish();
    } catch (RuntimeException | OutOfMemoryError e) {
      models.fail(model, "its warm-up failed: " + e);
      close();
      listener.failed(0, e);
      return null;
    }
  }

  private DecodeBatch finish() {
    DecodeBatch warm = batch;
    models.warmed(model, worker, warm.fused());
    model = null;
    batch = null;
    return warm;
  }

  private CharGruConfig architecture() {
    return model.model().description().config();
  }

  /** Leaves the model that is not warm yet, if there is one. */
  @Override
  public void close() {
    if (model == null) {
      return;
    }
    ResidentModel left = model;
    DecodeBatch unfinished = batch;
    passes.clear();
    warmed.remove(architecture());
    model = null;
    batch = null;
    try {
      if (unfinished != null) {
        unfinished.close();
      }
    } finally {
      models.release(left, worker);
    }
  }
}
