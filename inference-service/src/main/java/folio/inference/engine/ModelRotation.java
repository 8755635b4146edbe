package folio.inference.engine;

import folio.inference.generation.GenerationRequest;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelState;
import folio.inference.serving.ServedModel;
import folio.model.network.CharGruConfig;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The life of models in the engine: taken from the loader and warmed, one pass a turn; current;
 * retiring until the last slot is empty; closed. Owned by the decode thread.
 */
final class ModelRotation implements AutoCloseable {
  private final int slots;
  private final Workers workers;
  private final ModelHandover handover;
  private final EngineListener listener;
  private final Queue<Runnable> warmUps = new ArrayDeque<>();
  private final Set<CharGruConfig> warmed = new HashSet<>();
  private ServedModel candidate;
  private DecodeBatch current;
  private DecodeBatch retiring;

  ModelRotation(int slots, Workers workers, ModelHandover handover, EngineListener listener) {
    this.slots = slots;
    this.workers = workers;
    this.handover = handover;
    this.listener = listener;
  }

  /** Whether a model is being warmed. */
  boolean warming() {
    return candidate != null;
  }

  /** Whether requests can be run. */
  boolean serves() {
    return current != null;
  }

  /** Those with slots; the retiring one first, as it is to go soon. */
  List<DecodeBatch> batches() {
    return Stream.of(retiring, current).filter(Objects::nonNull).toList();
  }

  /**
   * The batch of a version, or null; a retiring one takes no more while a newer model waits for its
   * room.
   */
  DecodeBatch batchFor(String version) {
    if (version.equals(GenerationRequest.CURRENT) || version.equals(current.model().version())) {
      return current;
    }
    boolean open = retiring != null && !handover.roomAwaited();
    return open && version.equals(retiring.model().version()) ? retiring : null;
  }

  /**
   * Takes the next model, or warms it a little, or makes it current. An architecture is warmed
   * once: its kernels know no weights.
   */
  void install() {
    if (candidate == null) {
      candidate = handover.poll();
      if (candidate == null) {
        return;
      }
      if (warmed.add(candidate.decoder().config())) {
        warmUps.addAll(DecodeBatch.warmUps(candidate, workers, slots));
      }
    }
    try {
      Runnable next = warmUps.poll();
      if (next == null) {
        activate(new DecodeBatch(candidate, workers));
      } else {
        next.run();
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      ServedModel dropped = candidate;
      candidate = null;
      warmUps.clear();
      warmed.remove(dropped.description().config());
      drop(dropped, dropped, "it cannot be warmed: " + e);
      listener.failed(0, e);
    }
  }

  private void activate(DecodeBatch batch) {
    if (current != null) {
      retiring = current;
      handover.moved(retiring.model(), ModelState.RETIRING);
    }
    current = batch;
    candidate = null;
    handover.moved(current.model(), ModelState.CURRENT);
    listener.activated(current.model().version());
  }

  /** Closes the retiring model once its last slot is empty. */
  void closeRetired() {
    if (retiring != null && retiring.isEmpty()) {
      DecodeBatch empty = retiring;
      retiring = null;
      empty.close();
      handover.closed(empty.model());
      listener.closed(empty.model().version());
    }
  }

  /**
   * Gives up a model whose device failed, so that its loader loads it again.
   *
   * @param batch has no slots any more
   */
  void lose(DecodeBatch batch, Throwable cause) {
    retiring = retiring == batch ? null : retiring;
    current = current == batch ? null : current;
    drop(batch.model(), batch, "a pass failed: " + cause);
    listener.closed(batch.model().version());
  }

  private void drop(ServedModel model, AutoCloseable resource, String message) {
    try {
      resource.close();
    } catch (Exception e) {
      listener.failed(0, e); // what it held is lost; the loop goes on
    } finally {
      handover.failed(model, message);
    }
  }

  /** Frees all models. */
  @Override
  public void close() {
    for (DecodeBatch batch : batches()) {
      batch.close();
      handover.closed(batch.model());
    }
    for (ServedModel model :
        Stream.of(candidate, handover.poll()).filter(Objects::nonNull).toList()) {
      model.close();
      handover.closed(model);
    }
    retiring = null;
    current = null;
    candidate = null;
  }
}
