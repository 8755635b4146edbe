package folio.inference.engine;

import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoded;
import folio.inference.decoding.Decoder;
import folio.model.sampling.Sampler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Slots whose prompts are being read. A pass reads the next part of up to {@link #TOGETHER}
 * prompts, the oldest first, so that a long one holds up neither the steps of others nor the
 * prompts that came after it. Parts begin at multiples of {@link #PART}, whoever else is there.
 */
final class Prompts implements Pass, AutoCloseable {
  /** Most characters of a prompt in a pass: what two or three steps take. */
  static final int PART = 8;

  /** Most prompts in a pass. */
  static final int TOGETHER = 16;

  private final Decoder decoder;
  private final ArrayDeque<Slot> waiting = new ArrayDeque<>();
  private final Rows reading;
  private Decoded underWay;
  private float[] logits;

  Prompts(Decoder decoder) {
    this.decoder = decoder;
    this.reading = new Rows(decoder);
  }

  /** Adds a slot whose prompt is unread. */
  void add(Slot slot) {
    waiting.add(slot);
  }

  /** How many slots there are whose prompts are read or wait to be. */
  int count() {
    return reading.count() + waiting.size();
  }

  /** Takes out and returns the slots that a condition holds for. */
  List<Slot> removeIf(Predicate<Slot> condition) {
    List<Slot> removed = new ArrayList<>(waiting.stream().filter(condition).toList());
    waiting.removeAll(removed);
    removed.addAll(reading.removeIf(condition));
    return removed;
  }

  /** Fills up the next pass. */
  void admit() {
    reading.shrink();
    List<Slot> joining = waiting.stream().limit(TOGETHER - reading.count()).toList();
    if (!joining.isEmpty()) {
      try (DecodeState zero = decoder.zeroState(1)) {
        reading.join(joining, zero, new int[joining.size()]);
      }
      waiting.removeAll(joining);
    }
  }

  @Override
  public boolean isEmpty() {
    return reading.count() == 0;
  }

  @Override
  public void launch() {
    Slot[] slots = reading.all();
    long[] lengths = new long[slots.length];
    int longest = 1;
    for (int row = 0; row < slots.length; row++) {
      lengths[row] = slots[row] == null ? 1 : Math.min(PART, slots[row].unread());
      longest = Math.max(longest, (int) lengths[row]);
    }
    int length = BatchSizes.roundUpToPowerOfTwo(longest);
    long[] ids = new long[slots.length * length];
    for (int row = 0; row < slots.length; row++) {
      if (slots[row] != null) {
        slots[row].read(ids, row * length, (int) lengths[row]);
      }
    }
    underWay = decoder.prefill(ids, lengths, reading.state());
    reading.state(underWay.state());
  }

  @Override
  public void fetch() {
    try (Decoded done = underWay) {
      logits = reading.slots().anyMatch(Slot::promptRead) ? done.logits() : null;
    }
  }

  @Override
  public int rows() {
    return logits == null ? 0 : reading.all().length;
  }

  @Override
  public void choose(int from, int to) {
    Sampler sampler = new Sampler(decoder.config().vocabularySize());
    for (int row = from; row < to; row++) {
      Slot slot = reading.all()[row];
      if (slot != null && slot.promptRead()) {
        slot.choose(sampler, logits, row * decoder.config().vocabularySize());
      }
    }
  }

  /** Slots whose prompts are read, and which row of {@link #state} each has. */
  record Ready(List<Slot> slots, int[] rows) {}

  /** The slots whose prompts are read. */
  Ready ready() {
    Slot[] slots = reading.all();
    int[] rows =
        IntStream.range(0, slots.length)
            .filter(row -> slots[row] != null && slots[row].promptRead())
            .toArray();
    return new Ready(Arrays.stream(rows).mapToObj(row -> slots[row]).toList(), rows);
  }

  DecodeState state() {
    return reading.state();
  }

  @Override
  public void close() {
    reading.close();
  }
}
