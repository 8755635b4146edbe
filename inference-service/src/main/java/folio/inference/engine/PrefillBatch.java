package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.StepOutput;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Slots whose prompts are being read. A pass reads the next part of up to {@link #TOGETHER}
 * prompts, the oldest first, so that a long one holds up neither the steps of others nor the
 * prompts that came after it. Parts begin at multiples of {@link #PART}, whoever else is there.
 */
final class PrefillBatch implements AutoCloseable {
  /** Most characters of a prompt in a pass: what two or three steps take. */
  static final int PART = 8;

  /** Most prompts in a pass: with full parts, what four steps of 32 slots take. */
  static final int TOGETHER = 16;

  private final Decoder decoder;
  private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
  private final StateBatch reading;
  private Part part;

  /**
   * A pass under way.
   *
   * @param tokens characters of a row, T
   * @param lengths how many of them are a row's own
   * @param everyPosition whether the logits after each of them are told
   */
  private record Part(StepOutput decoded, int tokens, long[] lengths, boolean everyPosition) {
    /** Where the logits after a row's last character are. */
    int last(int row) {
      return everyPosition ? row * tokens + (int) lengths[row] - 1 : row;
    }
  }

  PrefillBatch(Decoder decoder) {
    this.decoder = decoder;
    this.reading = new StateBatch(decoder);
  }

  /** Adds a slot whose prompt is unread. */
  void add(Sequence slot) {
    waiting.add(slot);
  }

  /** How many prompts are read or wait to be. */
  int count() {
    return reading.count() + waiting.size();
  }

  /** Takes out the readers that a condition holds for; returns all slots that they read for. */
  List<Sequence> removeIf(Predicate<Sequence> condition) {
    List<Sequence> removed = new ArrayList<>(waiting.stream().filter(condition).toList());
    waiting.removeAll(removed);
    removed.addAll(reading.removeIf(condition));
    return new ArrayList<>(removed.stream().flatMap(slot -> slot.part().stream()).toList());
  }

  /** Fills up the next pass. */
  private void admit() {
    reading.shrink();
    List<Sequence> joining = waiting.stream().limit(TOGETHER - reading.count()).toList();
    if (!joining.isEmpty()) {
      try (DecodeState zero = decoder.zeroState(1)) {
        reading.join(joining, zero, new int[joining.size()]);
      }
      waiting.removeAll(joining);
    }
  }

  /** Begins to read the next part of prompts, if there are any. */
  void launch() {
    admit();
    if (reading.count() == 0) {
      return;
    }
    Sequence[] slots = reading.all();
    long[] lengths = new long[slots.length];
    int longest = 1;
    for (int row = 0; row < slots.length; row++) {
      lengths[row] = slots[row] == null ? 1 : Math.min(PART, slots[row].prompt().unread());
      longest = Math.max(longest, (int) lengths[row]);
    }
    int length = BatchSizes.roundUpToPowerOfTwo(longest);
    long[] ids = new long[slots.length * length];
    for (int row = 0; row < slots.length; row++) {
      if (slots[row] != null) {
        slots[row].prompt().read(ids, row * length, (int) lengths[row]);
      }
    }
    boolean everyPosition = reading.slots().anyMatch(Sequence::scoresPrompt);
    StepOutput decoded = decoder.prefill(ids, lengths, everyPosition, reading.state());
    part = new Part(decoded, length, lengths, everyPosition);
    reading.state(decoded.state());
  }

  /**
   * Scores what was read for those who asked, and chooses the first character of every slot whose
   * prompt is read.
   */
  void finish() {
    if (part == null) {
      return;
    }
    Part read = part;
    part = null;
    try (StepOutput decoded = read.decoded()) {
      Sequence[] slots = reading.all();
      for (int row = 0; row < slots.length; row++) {
        if (slots[row] != null && slots[row].scoresPrompt()) {
          slots[row].score(decoded.logits(), row * read.tokens(), (int) read.lengths()[row]);
        }
      }
      reading.choose(decoded, slot -> slot.prompt().isRead(), read::last);
    }
  }

  /**
   * Hands the slots whose prompts are read over to those that run, unless they are over already.
   *
   * @param fused where they run if they can
   * @return all of them, each with its first character
   */
  List<Sequence> moveReady(StateBatch running, FusedBatch fused) {
    List<Sequence> ready = new ArrayList<>();
    List<Sequence> joining = new ArrayList<>();
    List<Integer> rows = new ArrayList<>();
    Sequence[] slots = reading.all();
    for (int row = 0; row < slots.length; row++) {
      if (slots[row] == null || !slots[row].prompt().isRead()) {
        continue;
      }
      for (Sequence slot : slots[row].together()) {
        ready.add(slot);
        if (slot.over()) {
          continue;
        }
        if (fused.takes(slot)) {
          try (NDArray state = decoder.row(reading.state(), row)) {
            fused.join(slot, state);
          }
        } else {
          joining.add(slot);
          rows.add(row);
        }
      }
    }
    if (!joining.isEmpty()) {
      running.join(joining, reading.state(), rows.stream().mapToInt(Integer::intValue).toArray());
    }
    // Not before: if they cannot join, whoever gives them up must find all of them here.
    reading.removeIf(slot -> slot.prompt().isRead()).forEach(Sequence::part);
    return ready;
  }

  @Override
  public void close() {
    reading.close();
  }
}
