package folio.inference.engine;

import folio.inference.fused.FusedDecoderFactory;
import folio.inference.generation.GenerationRequest;
import folio.inference.models.LoadedModel;
import folio.inference.models.ModelHandover;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The life of models in the engine: taken from the loader, warmed by every lane, current, retiring,
 * closed by the last lane that leaves it. A model that failed is lost: every lane leaves it, and
 * its loader may load it again. Safe for use by any lane.
 */
final class ModelRotation implements AutoCloseable {
  private final int workers;
  private final ModelHandover handover;
  private final EngineListener listener;
  private Runnable onChange = () -> {};
  private SharedModel candidate;
  private SharedModel current;
  private SharedModel retiring;
  private volatile int fusedSlots;

  ModelRotation(int workers, ModelHandover handover, EngineListener listener) {
    this.workers = workers;
    this.handover = handover;
    this.listener = listener;
  }

  /** Sets what is called, quickly, whenever every lane should look around. */
  synchronized void onChange(Runnable change) {
    onChange = change;
  }

  /** How many requests a lane decodes on a chip with the current model; 0 if any lane cannot. */
  int fusedSlots() {
    return fusedSlots;
  }

  /** Whether requests can be run. */
  synchronized boolean serves() {
    return current != null;
  }

  /** Whether every lane must leave a model at once. */
  synchronized boolean isLost(SharedModel model) {
    return model.lost() != null;
  }

  /** Whether a lane should leave a model once none of its slots has it. */
  synchronized boolean isPast(SharedModel model) {
    return model != current && model != candidate;
  }

  /** The model that a lane is to warm, which has it from now on, or null. */
  synchronized SharedModel enterCandidate(int worker) {
    if (candidate == null) {
      LoadedModel offered = handover.poll();
      candidate = offered == null ? null : new SharedModel(offered);
    }
    if (candidate == null || candidate.holders().get(worker)) {
      return null;
    }
    candidate.holders().set(worker);
    return candidate;
  }

  /**
   * A lane has warmed the candidate; the last one makes it current.
   *
   * @param fused whether the lane decodes on the model's chip
   */
  synchronized void warmed(SharedModel model, int worker, boolean fused) {
    model.warm().set(worker);
    if (!fused) {
      model.disableFused();
    }
    if (model != candidate || model.warm().cardinality() < workers) {
      return;
    }
    retiring = current == null ? retiring : current;
    current = model;
    candidate = null;
    fusedSlots =
        current.fused() ? current.model().fused().map(FusedDecoderFactory::slots).orElse(0) : 0;
    current.activate();
    handover.activated(current.model());
    listener.activated(current.model().version());
    onChange.run();
  }

  /**
   * The model that a request asks for, which the lane has from now on, or null; a retiring one
   * takes no more while a newer model waits for its room.
   */
  synchronized SharedModel enter(String version, int worker) {
    SharedModel model = choose(version);
    if (model != null) {
      model.holders().set(worker);
    }
    return model;
  }

  private SharedModel choose(String version) {
    if (current == null) {
      return null; // lost since the request was taken
    }
    if (version.equals(GenerationRequest.CURRENT) || version.equals(current.model().version())) {
      return current;
    }
    boolean open = retiring != null && !handover.roomRequested();
    return open && version.equals(retiring.model().version()) ? retiring : null;
  }

  /** Nobody may use a model any more: its lanes leave it in their next turns. */
  synchronized void lose(SharedModel model, String message) {
    if (model.lost() == null) {
      model.lose(message);
      forget(model);
      onChange.run();
    }
  }

  private void forget(SharedModel model) {
    candidate = candidate == model ? null : candidate;
    if (current == model) {
      current = null;
      fusedSlots = 0;
    }
    retiring = retiring == model ? null : retiring;
  }

  /** A lane has nothing of a model any more; the last one closes it if it is past. */
  void leave(SharedModel model, int worker) {
    synchronized (this) {
      model.holders().clear(worker);
      if (!model.holders().isEmpty() || !isPast(model)) {
        return;
      }
      forget(model);
    }
    close(model);
  }

  private void close(SharedModel shared) {
    LoadedModel model = shared.model();
    try {
      model.close();
    } catch (RuntimeException e) {
      listener.failed(0, e); // what it held is lost; the engine goes on
    }
    if (shared.lost() == null) {
      handover.closed(model);
    } else {
      handover.failed(model, shared.lost());
    }
    if (shared.activated()) {
      listener.closed(model.version());
    }
  }

  /** Frees the models; the lanes must have left them. */
  @Override
  public void close() {
    LoadedModel untaken = handover.poll();
    Stream.of(untaken == null ? null : new SharedModel(untaken), candidate, retiring, current)
        .filter(Objects::nonNull)
        .forEach(this::close);
    candidate = null;
    retiring = null;
    current = null;
  }
}
