package folio.inference.engine;

import folio.model.network.CharGruConfig;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;

/**
 * Warms the models that a lane is to run, a pass a turn: kernels are chosen and compiled at their
 * first pass. As they know no weights, an architecture is warmed once; what is recorded for a GPU
 * does, and is recorded for every model. Owned by the lane's thread.
 */
final class WarmUp implements AutoCloseable {
  private final int worker;
  private final int rows;
  private final ModelRotation models;
  private final EngineListener listener;
  private final Set<CharGruConfig> warmed = new HashSet<>();
  private final Queue<Runnable> passes = new ArrayDeque<>();
  private SharedModel model;
  private DecodeBatch batch;

  /**
   * Nothing to warm yet.
   *
   * @param rows most that the lane has where there is no chip
   */
  WarmUp(int worker, int rows, ModelRotation models, EngineListener listener) {
    this.worker = worker;
    this.rows = rows;
    this.models = models;
    this.listener = listener;
  }

  /** Whether there is more to do. */
  boolean inFlight() {
    return model != null;
  }

  /** Does a little; returns the batch of a model that has become warm, or null. */
  DecodeBatch advance() {
    if (model == null) {
      model = models.enterCandidate(worker);
      if (model == null) {
        return null;
      }
    }
    if (models.isLost(model)) {
      close();
      return null;
    }
    try {
      if (batch == null) {
        batch = new DecodeBatch(model);
        passes.addAll(batch.warmUps(rows, !warmed.add(config())));
      }
      Runnable next = passes.poll();
      return next == null ? warm() : run(next);
    } catch (RuntimeException | OutOfMemoryError e) {
      models.lose(model, "it cannot be warmed: " + e);
      close();
      listener.failed(0, e);
      return null;
    }
  }

  private static DecodeBatch run(Runnable pass) {
    pass.run();
    return null;
  }

  private DecodeBatch warm() {
    DecodeBatch warm = batch;
    models.warmed(model, worker, warm.fused());
    model = null;
    batch = null;
    return warm;
  }

  private CharGruConfig config() {
    return model.model().description().config();
  }

  /** Gives up the model that is not warm yet, if there is one. */
  @Override
  public void close() {
    if (model != null) {
      SharedModel left = model;
      passes.clear();
      warmed.remove(config());
      model = null;
      DecodeBatch unfinished = batch;
      batch = null;
      try {
        if (unfinished != null) {
          unfinished.close();
        }
      } finally {
        models.leave(left, worker);
      }
    }
  }
}
