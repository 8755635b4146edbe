package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import folio.inference.generation.FinishReason;
import folio.inference.serving.ServedModel;
import folio.model.network.CharGru;
import folio.model.sampling.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The slots that run on one model, and their state {@code float32 [L, slots, H]}: row i is slot
 * i's. Owned by the decode thread.
 */
final class DecodeBatch implements AutoCloseable {
  private final ServedModel model;
  private final NDManager manager;
  private final Sampler sampler;
  private final List<Slot> slots = new ArrayList<>();
  private NDArray state;

  DecodeBatch(ServedModel model) {
    this.model = model;
    this.manager = model.manager().newSubManager();
    this.sampler = new Sampler(model.vocabulary().size());
  }

  ServedModel model() {
    return model;
  }

  int size() {
    return slots.size();
  }

  boolean isEmpty() {
    return slots.isEmpty();
  }

  /** What became of a slot. */
  record Ended(Slot slot, FinishReason reason) {}

  /**
   * Reads a prompt in one pass and chooses the first character; the slot joins if there is more to
   * write.
   *
   * @return why it ended already, or null
   */
  FinishReason join(Slot slot, int[] promptIds) {
    try (NDManager scope = manager.newSubManager()) {
      long[] ids = Arrays.stream(promptIds).asLongStream().toArray();
      NDArray input = scope.create(ids, new Shape(1, ids.length));
      CharGru.Output output = model.network().forward(input, model.network().zeroState(scope, 1));
      NDArray last = output.logits().get(new NDIndex("0, {}", ids.length - 1L));
      FinishReason reason = slot.advance(sampler, last.toFloatArray(), 0);
      if (reason == null) {
        NDArray joined =
            slots.isEmpty()
                ? output.state()
                : NDArrays.concat(new NDList(state, output.state()), 1);
        replaceState(joined);
        slots.add(slot);
      }
      return reason;
    }
  }

  /** Runs one step: one more character for every slot. Returns the slots that ended with it. */
  List<Ended> step() {
    List<Ended> ended = new ArrayList<>();
    try (NDManager scope = manager.newSubManager()) {
      long[] ids = slots.stream().mapToLong(Slot::lastId).toArray();
      NDArray input = scope.create(ids, new Shape(ids.length, 1));
      CharGru.Output output = model.network().forward(input, state);
      float[] logits = output.logits().toFloatArray();
      replaceState(output.state());
      for (int row = 0; row < slots.size(); row++) {
        FinishReason reason =
            slots.get(row).advance(sampler, logits, row * model.vocabulary().size());
        if (reason != null) {
          ended.add(new Ended(slots.get(row), reason));
        }
      }
    }
    keepAll(
        slots.stream().filter(slot -> ended.stream().noneMatch(e -> e.slot() == slot)).toList());
    return ended;
  }

  /** Takes out the slots whose readers went away. */
  List<Slot> removeCancelled() {
    List<Slot> gone = slots.stream().filter(Slot::cancelled).toList();
    if (!gone.isEmpty()) {
      keepAll(slots.stream().filter(slot -> !gone.contains(slot)).toList());
    }
    return gone;
  }

  /** Takes out every slot. */
  List<Slot> removeAll() {
    List<Slot> all = List.copyOf(slots);
    slots.clear();
    return all;
  }

  /** Runs a step of a given size on zeros, so that no request meets a size for the first time. */
  void warm(int rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray input = scope.create(new long[rows], new Shape(rows, 1));
      model
          .network()
          .forward(input, model.network().zeroState(scope, rows))
          .logits()
          .toFloatArray();
    }
  }

  private void keepAll(List<Slot> kept) {
    if (kept.size() == slots.size()) {
      return;
    }
    if (!kept.isEmpty()) {
      long[] rows = kept.stream().mapToLong(slots::indexOf).toArray();
      try (NDManager scope = manager.newSubManager()) {
        NDArray indices = scope.create(rows);
        replaceState(state.get(scope, new NDIndex(":, {}", indices)));
      }
    }
    slots.clear();
    slots.addAll(kept);
  }

  private void replaceState(NDArray next) {
    if (state != null) {
      state.close();
    }
    next.attach(manager);
    state = next;
  }

  /** Frees the state and the model. */
  @Override
  public void close() {
    manager.close();
    model.close();
  }
}
