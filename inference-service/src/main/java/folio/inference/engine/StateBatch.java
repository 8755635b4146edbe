package folio.inference.engine;

import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.StepOutput;
import folio.model.sampling.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Slots that go through the network together, each with its row of the state. Who leaves makes a
 * gap that the next one fills; gaps are computed with the rest, and closed once a smaller size
 * would do. Owned by a lane.
 */
final class StateBatch implements AutoCloseable {
  private final Decoder decoder;
  private final Sampler sampler;
  private Sequence[] slots = {};
  private int count;
  private DecodeState state;

  StateBatch(Decoder decoder) {
    this.decoder = decoder;
    this.sampler = new Sampler(decoder.config().vocabularySize());
    this.state = decoder.zeroState(0);
  }

  /** Rows that have a slot. */
  int count() {
    return count;
  }

  /** The slots. */
  Stream<Sequence> slots() {
    return Arrays.stream(slots).filter(Objects::nonNull);
  }

  /** Every row's slot, null for a gap; not to be changed. */
  Sequence[] all() {
    return slots;
  }

  DecodeState state() {
    return state;
  }

  /** The state after a pass. */
  void state(DecodeState next) {
    state.close();
    state = next;
  }

  /**
   * Waits for a pass, and chooses a character for every slot that a condition holds for.
   *
   * @param position which of the pass's logits are a row's
   */
  void choose(StepOutput pass, Predicate<Sequence> who, IntUnaryOperator position) {
    if (slots().noneMatch(who)) {
      return; // on a GPU, nobody has to wait
    }
    float[] logits = pass.logits();
    for (int row = 0; row < slots.length; row++) {
      if (slots[row] != null && who.test(slots[row])) {
        int offset = position.applyAsInt(row) * decoder.config().vocabularySize();
        for (Sequence slot : slots[row].together()) {
          slot.choose(sampler, logits, offset);
          if (slot.keeps()) {
            slot.keep(decoder.readState(state, row));
          }
        }
      }
    }
  }

  /**
   * Takes in slots.
   *
   * @param joining they
   * @param from holds their states
   * @param fromRows their rows in it
   */
  void join(List<Sequence> joining, DecodeState from, int[] fromRows) {
    Sequence[] next = new Sequence[BatchSizes.fit(count + joining.size())];
    long[] origin = new long[next.length];
    int row = 0;
    for (int old = 0; old < slots.length; old++) {
      if (slots[old] != null) {
        next[row] = slots[old];
        origin[row++] = old;
      }
    }
    for (int i = 0; i < fromRows.length; i++) {
      next[row] = joining.get(i);
      origin[row++] = (long) slots.length + fromRows[i];
    }
    DecodeState arranged = decoder.arrange(state, from, origin);
    slots = next;
    count += joining.size();
    state(arranged);
  }

  /** Takes out and returns the slots that a condition holds for. */
  List<Sequence> removeIf(Predicate<Sequence> condition) {
    List<Sequence> removed = new ArrayList<>();
    for (int row = 0; row < slots.length; row++) {
      if (slots[row] != null && condition.test(slots[row])) {
        removed.add(slots[row]);
        slots[row] = null;
        count--;
      }
    }
    return removed;
  }

  /** Closes the gaps if that makes the next pass smaller. */
  void shrink() {
    if (BatchSizes.fit(count) < slots.length) {
      try (DecodeState none = decoder.zeroState(0)) {
        join(List.of(), none, new int[0]);
      }
    }
  }

  @Override
  public void close() {
    state.close();
  }
}
