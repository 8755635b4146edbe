package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import folio.inference.fused.FusedDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * Slots that are decoded on the chip, many characters a launch, by place; none where there is no
 * chip. Owned by a lane.
 */
final class FusedBatch implements AutoCloseable {
  /** How long a launch may take: whoever comes waits for its end. */
  private static final double LONGEST_NANOS = 2e6;

  /** The same while others of the lane, or prompts, wait for its turn to end. */
  private static final double LONGEST_NANOS_BESIDE_OTHERS = 0.5e6;

  /** While nothing is known of what a step costs. */
  private static final int FEW_STEPS = 8;

  /** Null: no slot is taken, so nothing else is asked for. */
  private final FusedDecoder streams;

  private final List<Sequence> slots = new ArrayList<>();
  private double nanosAStep = LONGEST_NANOS / 16; // a guess until there is a launch

  /** Who has what is being written, by place then; null if nothing is. */
  private List<Sequence> inFlight;

  private int steps;
  private int allowed;
  private int launched;

  /** With what decodes them, or null. */
  FusedBatch(FusedDecoder streams) {
    this.streams = streams;
  }

  /** What is to be run once before any slot does. */
  List<Runnable> warmUps() {
    return streams == null ? List.of() : List.of(streams::warm);
  }

  /** Whether there is a chip. */
  boolean isThere() {
    return streams != null;
  }

  /** How many slots run. */
  int count() {
    return slots.size();
  }

  /** The slots; not to be changed. */
  List<Sequence> slots() {
    return slots;
  }

  /** Whether a slot can be decoded here. */
  boolean takes(Sequence slot) {
    return slot.decodesFused() && hasRoom(1);
  }

  /** Whether a slot's prompt can be read here, and those that it is read for be decoded. */
  boolean reads(Sequence slot) {
    return slot.prefillsFused() && hasRoom(slot.together().size());
  }

  private boolean hasRoom(int slots) {
    return isThere() && streams.freeSlots() >= slots;
  }

  /** Takes in a slot that reads its prompt here. */
  void join(Sequence slot) {
    streams.join(slot.seen());
    add(slot);
  }

  /**
   * Takes in a slot that goes on.
   *
   * @param state float32 {@code [L, H]}, computed by the lane, whose it stays
   */
  void join(Sequence slot, NDArray state) {
    streams.join(state, slot.seen());
    add(slot);
  }

  private void add(Sequence slot) {
    slots.add(slot);
  }

  /** Takes out and returns the slots that a condition holds for. */
  List<Sequence> removeIf(Predicate<Sequence> condition) {
    List<Sequence> removed = new ArrayList<>();
    for (int place = slots.size() - 1; place >= 0; place--) {
      if (condition.test(slots.get(place))) {
        removed.add(slots.get(place));
        Sequence last = slots.remove(slots.size() - 1);
        if (place < slots.size()) {
          slots.set(place, last);
        }
        streams.remove(place);
      }
    }
    if (slots.isEmpty()) {
      inFlight = null; // nobody waits for it
    }
    return removed;
  }

  /** Takes out and returns all slots, whatever state the device is in. */
  List<Sequence> removeAll() {
    List<Sequence> removed = List.copyOf(slots);
    slots.clear();
    inFlight = null;
    if (streams != null) {
      streams.clear();
    }
    return removed;
  }

  /**
   * Begins to write the next characters of all slots, unless {@link #finish} has done so.
   *
   * @param besideOthers whether somebody of the lane waits for the turn to end
   */
  void launch(boolean besideOthers) {
    if (inFlight == null && !slots.isEmpty()) {
      begin(new int[slots.size()][0], besideOthers);
    }
  }

  /**
   * Begins to write what follows.
   *
   * @param untaken what was written of each slot and it has not been given yet, by place
   */
  private void begin(int[][] untaken, boolean besideOthers) {
    int longest = 0;
    int first = Integer.MAX_VALUE;
    for (int place = 0; place < untaken.length; place++) {
      Sequence slot = slots.get(place);
      longest = Math.max(longest, slot.stepsLeft() - untaken[place].length);
      int toFirst = slot.stepsToFirst() - untaken[place].length;
      first = toFirst > 0 ? Math.min(first, toFirst) : first;
    }
    allowed = most(besideOthers);
    // Somebody's first character is told as soon as it is there.
    steps = Math.min(Math.min(allowed, longest), Math.max(FEW_STEPS, first));
    List<FusedDecoder.StepPlan> orders = new ArrayList<>();
    for (int place = 0; place < untaken.length; place++) {
      orders.add(slots.get(place).order(untaken[place], steps));
    }
    launched = slots.size();
    inFlight = List.copyOf(slots);
    streams.launch(orders, steps);
  }

  /**
   * Whether all slots go on after what was written; one that is over may be asked for its state.
   */
  private boolean allGoOn(int[][] written) {
    for (int place = 0; place < written.length; place++) {
      Sequence slot = slots.get(place);
      if (slot.over() || slot.stepsLeft() <= written[place].length) {
        return false;
      }
    }
    return true;
  }

  /** Twice the steps that the launch before might have had at most: what a step costs is known. */
  private int most(boolean besideOthers) {
    boolean unknown =
        launched == 0
            || (slots.size() <= FusedDecoder.SMALL_BATCH) != (launched <= FusedDecoder.SMALL_BATCH);
    if (slots.size() > launched) {
      nanosAStep *= (double) slots.size() / Math.max(1, launched); // it costs no more than that
    }
    double longest = besideOthers ? LONGEST_NANOS_BESIDE_OTHERS : LONGEST_NANOS;
    int twice = unknown ? FEW_STEPS : 2 * Math.max(FEW_STEPS, allowed);
    double fitting = Math.min(longest / nanosAStep, FusedDecoder.MAX_STEPS);
    return (int) Math.max(1, Math.min(twice, fitting));
  }

  /**
   * Waits for the characters, and gives them to their slots.
   *
   * @param othersWait tells whether somebody is to have the lane, or the device, before more is
   *     written; asked once a launch has ended: who came meanwhile does not wait for another one
   * @return how many there are
   */
  int finish(BooleanSupplier othersWait) {
    if (inFlight == null) {
      return 0;
    }
    FusedDecoder.LaunchResult end = streams.finish();
    int[][] written = end.ids();
    List<Sequence> wrote = inFlight;
    inFlight = null;
    nanosAStep = (double) end.nanos() / steps;
    if (!othersWait.getAsBoolean() && wrote.equals(slots) && allGoOn(written)) {
      // Before it is looked at, so that the device does not wait for the host. What a slot does not
      // want after all, as a text has stopped it, is lost.
      begin(written, false);
    }
    int characters = 0;
    for (int place = 0; place < written.length; place++) {
      Sequence slot = wrote.get(place);
      for (int i = 0; i < written[place].length && !slot.over(); i++) {
        characters += slot.step(written[place][i]) ? 1 : 0;
      }
      if (slot.keeps()) {
        slot.keep(streams.state(slots.indexOf(slot)));
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
