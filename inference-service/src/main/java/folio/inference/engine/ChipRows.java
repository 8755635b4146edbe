package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import folio.inference.onchip.ChipDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Slots that are decoded on the chip, many characters a launch, by place; none where there is no
 * chip. Owned by a lane.
 */
final class ChipRows implements AutoCloseable {
  /** How long a launch may take: whoever comes waits for its end. */
  private static final double LONGEST_NANOS = 3e6;

  /** The same while others of the lane, or prompts, wait for its turn to end. */
  private static final double LONGEST_NANOS_BESIDE_OTHERS = 0.5e6;

  /** Once what a step costs may have changed by more than can be told. */
  private static final int FEW_STEPS = 8;

  /** By how much a step may seem to get dearer from launch to launch: mostly it is the host. */
  private static final double DEARER = 1.25;

  /** Null: no slot is taken, so nothing else is asked for. */
  private final ChipDecoder streams;

  private final List<Slot> slots = new ArrayList<>();
  private double nanosAStep = LONGEST_NANOS / 16; // a guess until there is a launch
  private long launchedNanos;
  private int steps;
  private int launched;
  private boolean unknown = true;

  /** With what decodes them, or null. */
  ChipRows(ChipDecoder streams) {
    this.streams = streams;
  }

  /** What is to be run once before any slot does. */
  List<Runnable> warmUps() {
    return streams == null ? List.of() : List.of(streams::warm);
  }

  /** How many slots run. */
  int count() {
    return slots.size();
  }

  /** The slots; not to be changed. */
  List<Slot> slots() {
    return slots;
  }

  /** Whether a slot can be decoded here. */
  boolean takes(Slot slot) {
    return streams != null && slot.decodesOnChip() && streams.hasRoom();
  }

  /**
   * Takes in a slot.
   *
   * @param state float32 {@code [L, H]}, computed by the lane, whose it stays
   */
  void join(Slot slot, NDArray state) {
    streams.join(state, slot.seen());
    slots.add(slot);
    unknown |= slot.choosesByRank();
  }

  /** Takes out and returns the slots that a condition holds for. */
  List<Slot> removeIf(Predicate<Slot> condition) {
    List<Slot> removed = new ArrayList<>();
    for (int place = slots.size() - 1; place >= 0; place--) {
      if (condition.test(slots.get(place))) {
        removed.add(slots.get(place));
        Slot last = slots.remove(slots.size() - 1);
        if (place < slots.size()) {
          slots.set(place, last);
        }
        streams.leave(place);
      }
    }
    return removed;
  }

  /** Takes out and returns all slots, whatever state the device is in. */
  List<Slot> removeAll() {
    List<Slot> removed = List.copyOf(slots);
    slots.clear();
    if (streams != null) {
      streams.clear();
    }
    return removed;
  }

  /**
   * Begins to write the next characters of all slots.
   *
   * @param besideOthers whether somebody of the lane waits for the turn to end
   */
  void launch(boolean besideOthers) {
    if (slots.isEmpty()) {
      return;
    }
    steps = Math.min(most(besideOthers), mostRemaining());
    launched = slots.size();
    launchedNanos = System.nanoTime();
    streams.launch(slots.stream().map(slot -> slot.order(steps)).toList(), steps);
  }

  private int mostRemaining() {
    return slots.stream().mapToInt(Slot::remaining).max().orElseThrow();
  }

  /** Twice the steps of the launch before at most, whose time is known. */
  private int most(boolean besideOthers) {
    if (slots.size() > launched) {
      nanosAStep *= (double) slots.size() / Math.max(1, launched); // it costs no more than that
    }
    double longest = besideOthers ? LONGEST_NANOS_BESIDE_OTHERS : LONGEST_NANOS;
    int twice = unknown ? FEW_STEPS : 2 * Math.max(FEW_STEPS, steps);
    unknown = false;
    double fitting = Math.min(longest / nanosAStep, ChipDecoder.MOST_STEPS);
    return (int) Math.max(1, Math.min(twice, fitting));
  }

  /**
   * Waits for the characters, and gives them to their slots.
   *
   * @return how many there are
   */
  int finish() {
    if (slots.isEmpty()) {
      return 0;
    }
    int[][] written = streams.finish();
    double measured = (double) (System.nanoTime() - launchedNanos) / steps;
    nanosAStep = Math.min(measured, DEARER * nanosAStep);
    int characters = 0;
    for (int place = 0; place < written.length; place++) {
      Slot slot = slots.get(place);
      for (int i = 0; i < written[place].length && !slot.over(); i++) {
        slot.accept(written[place][i]);
        characters++;
      }
      if (slot.keeps()) {
        slot.keep(streams.state(place));
      }
    }
    return characters;
  }

  @Override
  public void close() {
    if (streams != null) {
      streams.close();
    }
  }
}
