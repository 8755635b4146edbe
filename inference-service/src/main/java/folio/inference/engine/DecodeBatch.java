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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The slots that have one model: those whose prompt is still being read, in the order in which they
 * came, and those that run, with their state {@code float32 [L, slots, H]}: row i is slot i's.
 * Owned by the decode thread.
 */
final class DecodeBatch implements AutoCloseable {
  private final ServedModel model;
  private final NDManager manager;
  private final Sampler sampler;
  private final ArrayDeque<Prefill> prefills = new ArrayDeque<>();
  private final List<Slot> slots = new ArrayList<>();
  private NDArray state;

  DecodeBatch(ServedModel model) {
    this.model = model;
    this.manager = model.manager().newSubManager();
    this.sampler = new Sampler(model.vocabulary().size());
  }

  /** A prompt on its way through the network; the state is its own until it joins. */
  private static final class Prefill {
    final Slot slot;
    final int[] ids;
    int read;
    NDArray state;

    Prefill(Slot slot, int[] ids, NDArray state) {
      this.slot = slot;
      this.ids = ids;
      this.state = state;
    }
  }

  /**
   * What became of a slot.
   *
   * @param reason why it ended, or null if it goes on
   */
  record Advanced(Slot slot, FinishReason reason) {}

  ServedModel model() {
    return model;
  }

  /** Slots that run. */
  int running() {
    return slots.size();
  }

  /** All slots, also those whose prompt is still being read. */
  int size() {
    return slots.size() + prefills.size();
  }

  boolean isEmpty() {
    return size() == 0;
  }

  /** Takes in a slot; its prompt waits for {@link #readPrompt}. */
  void begin(Slot slot, int[] promptIds) {
    prefills.add(new Prefill(slot, promptIds, model.network().zeroState(manager, 1)));
  }

  /** How much of its prompts is still to be read, in characters. */
  int unreadTokens() {
    return prefills.stream().mapToInt(prefill -> prefill.ids.length - prefill.read).sum();
  }

  /**
   * Reads the next part of the oldest prompt. With its last part the slot gets its first character
   * and runs from then on.
   *
   * @param most characters to read
   * @return what became of the slot, or null while its prompt has more
   */
  Advanced readPrompt(int most) {
    Prefill oldest = prefills.peek();
    int from = oldest.read;
    int to = Math.min(oldest.ids.length, from + most);
    try (NDManager scope = manager.newSubManager()) {
      long[] ids = Arrays.stream(oldest.ids, from, to).asLongStream().toArray();
      NDArray input = scope.create(ids, new Shape(1, ids.length));
      CharGru.Output output = model.network().forward(input, oldest.state);
      oldest.state.close();
      oldest.state = output.state();
      oldest.state.attach(manager);
      oldest.read = to;
      if (to < oldest.ids.length) {
        return null;
      }
      NDArray last = output.logits().get(new NDIndex("0, {}", ids.length - 1L));
      FinishReason reason = oldest.slot.advance(sampler, last.toFloatArray(), 0);
      if (reason == null) {
        join(oldest, scope);
      } else {
        oldest.state.close();
      }
      prefills.poll(); // last: until here a failure concerns the oldest prompt
      return new Advanced(oldest.slot, reason);
    }
  }

  private void join(Prefill prefill, NDManager scope) {
    if (slots.isEmpty()) {
      replaceState(prefill.state);
    } else {
      NDArray joined = NDArrays.concat(new NDList(state, prefill.state), 1);
      joined.attach(scope);
      prefill.state.close();
      replaceState(joined);
    }
    slots.add(prefill.slot);
  }

  /** Gives up the oldest prompt; returns its slot. */
  Slot dropOldestPrompt() {
    Prefill oldest = prefills.poll();
    oldest.state.close();
    return oldest.slot;
  }

  /** Runs one step: one more character for every running slot. Returns those that ended with it. */
  List<Advanced> step() {
    List<Advanced> ended = new ArrayList<>();
    List<Slot> kept = new ArrayList<>();
    try (NDManager scope = manager.newSubManager()) {
      long[] ids = slots.stream().mapToLong(Slot::lastId).toArray();
      NDArray input = scope.create(ids, new Shape(ids.length, 1));
      CharGru.Output output = model.network().forward(input, state);
      float[] logits = output.logits().toFloatArray();
      replaceState(output.state());
      for (int row = 0; row < slots.size(); row++) {
        Slot slot = slots.get(row);
        FinishReason reason = slot.advance(sampler, logits, row * model.vocabulary().size());
        if (reason == null) {
          kept.add(slot);
        } else {
          ended.add(new Advanced(slot, reason));
        }
      }
    }
    keepOnly(kept);
    return ended;
  }

  /** Takes out the slots whose readers went away. */
  List<Slot> removeCancelled() {
    List<Slot> gone = new ArrayList<>(slots.stream().filter(Slot::cancelled).toList());
    if (!gone.isEmpty()) {
      keepOnly(slots.stream().filter(slot -> !gone.contains(slot)).toList());
    }
    prefills.removeIf(
        prefill -> {
          if (prefill.slot.cancelled()) {
            prefill.state.close();
            gone.add(prefill.slot);
          }
          return prefill.slot.cancelled();
        });
    return gone;
  }

  /** Takes out the running slots. */
  List<Slot> removeRunning() {
    List<Slot> all = List.copyOf(slots);
    slots.clear();
    return all;
  }

  /** Runs a step of a given size on zeros: the first one of a size may be slow. */
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

  private void keepOnly(List<Slot> kept) {
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

  /** Frees the states and the model. */
  @Override
  public void close() {
    manager.close();
    model.close();
  }
}
