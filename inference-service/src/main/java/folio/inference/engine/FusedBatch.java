package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import folio.inference.fused.FusedDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Sequences that the persistent kernel decodes, many tokens a launch. A sequence's index in the
 * list is its slot on the device. Without a fused decoder the batch stays empty. Owned by a worker.
 */
final class FusedBatch implements AutoCloseable {
  /** The decoder, or null on a machine without one; {@link #hasRoom} is then always false. */
  private final FusedDecoder decoder;

  private final List<FusedSequence> sequences = new ArrayList<>();
  private final LaunchLength length = new LaunchLength();

  /** The sequences of the launch in flight, by slot; null when no launch is in flight. */
  private List<FusedSequence> inFlight;

  FusedBatch(FusedDecoder decoder) {
    this.decoder = decoder;
  }

  /** Returns the passes to run before the first sequence joins. */
  List<Runnable> warmUps() {
    return decoder == null ? List.of() : List.of(decoder::warm);
  }

  /** Returns whether there is a fused decoder. */
  boolean available() {
    return decoder != null;
  }

  /** Returns how many sequences it decodes. */
  int count() {
    return sequences.size();
  }

  /** Returns the sequences that it decodes. */
  Stream<Sequence> stream() {
    return sequences.stream().map(FusedSequence::sequence);
  }

  /** Returns whether it can decode one more sequence whose state is known. */
  boolean accepts() {
    return hasRoom(1);
  }

  /** Returns whether it can read the prompt of a group and decode all of its sequences. */
  boolean acceptsPrompt(SequenceGroup group) {
    return group.supportsFusedPrefill() && hasRoom(group.sequences().size());
  }

  private boolean hasRoom(int count) {
    return available() && decoder.freeSlots() >= count;
  }

  /** Takes in a sequence whose prompt the kernel reads. */
  void join(Sequence sequence) {
    decoder.join(sequence.seen());
    sequences.add(FusedSequence.fromPrompt(sequence));
  }

  /**
   * Takes in a sequence whose state is known.
   *
   * @param state float32 {@code [L, H]}, computed by this worker; stays the caller's
   */
  void join(Sequence sequence, NDArray state) {
    decoder.join(state, sequence.seen());
    sequences.add(FusedSequence.fromState(sequence));
  }

  /** Removes and returns the sequences that a condition holds for. */
  List<Sequence> removeIf(Predicate<Sequence> condition) {
    List<Sequence> removed = new ArrayList<>();
    for (int slot = sequences.size() - 1; slot >= 0; slot--) {
      Sequence sequence = sequences.get(slot).sequence();
      if (condition.test(sequence)) {
        removed.add(sequence);
        FusedSequence last = sequences.remove(sequences.size() - 1);
        if (slot < sequences.size()) {
          sequences.set(slot, last);
        }
        decoder.remove(slot);
      }
    }
    if (sequences.isEmpty()) {
      inFlight = null; // no sequence waits for its tokens
    }
    return removed;
  }

  /** Removes and returns all sequences, whatever state the device is in. */
  List<Sequence> removeAll() {
    List<Sequence> removed = stream().toList();
    sequences.clear();
    inFlight = null;
    if (decoder != null) {
      decoder.clear();
    }
    return removed;
  }

  /**
   * Launches the next steps of all sequences, unless {@link #finish} has done so.
   *
   * @param othersWait whether other work of the worker waits for the launch to end
   */
  void launch(boolean othersWait) {
    if (inFlight == null && !sequences.isEmpty()) {
      launch(new int[sequences.size()][0], othersWait);
    }
  }

  /**
   * Launches the steps that follow.
   *
   * @param pending the ids of the last launch that the sequences have not processed, by slot
   */
  private void launch(int[][] pending, boolean othersWait) {
    int longest = 0;
    int toFirstToken = Integer.MAX_VALUE;
    for (int slot = 0; slot < pending.length; slot++) {
      FusedSequence sequence = sequences.get(slot);
      longest = Math.max(longest, sequence.stepsLeft() - pending[slot].length);
      int toFirst = sequence.stepsToFirstToken() - pending[slot].length;
      toFirstToken = toFirst > 0 ? Math.min(toFirstToken, toFirst) : toFirstToken;
    }
    int steps = length.choose(pending.length, othersWait, longest, toFirstToken);
    List<FusedDecoder.StepPlan> plans = new ArrayList<>();
    for (int slot = 0; slot < pending.length; slot++) {
      plans.add(sequences.get(slot).plan(pending[slot], steps));
    }
    inFlight = List.copyOf(sequences);
    decoder.launch(plans, steps);
  }

  /** Returns whether no sequence ends with what a launch wrote, so that its state is not needed. */
  private boolean allContinue(int[][] written) {
    for (int slot = 0; slot < written.length; slot++) {
      FusedSequence sequence = sequences.get(slot);
      if (sequence.sequence().finished() || sequence.stepsLeft() <= written[slot].length) {
        return false;
      }
    }
    return true;
  }

  /**
   * Waits for the launch in flight, and passes its tokens to their sequences.
   *
   * @param othersWait returns whether other work waits for the worker or the device; called after
   *     the launch has ended, so that work which arrived meanwhile need not wait for another launch
   * @return how many tokens there are
   */
  int finish(BooleanSupplier othersWait) {
    if (inFlight == null) {
      return 0;
    }
    FusedDecoder.LaunchResult end = decoder.finish();
    int[][] written = end.ids();
    List<FusedSequence> launched = inFlight;
    inFlight = null;
    length.measured(end.nanos());
    if (!othersWait.getAsBoolean() && launched.equals(sequences) && allContinue(written)) {
      // The next launch starts before the host looks at the tokens, so that the device does not
      // wait. If a stop sequence ends a generation in them, what follows is discarded.
      launch(written, false);
    }
    int tokens = 0;
    for (int slot = 0; slot < written.length; slot++) {
      FusedSequence fused = launched.get(slot);
      Sequence sequence = fused.sequence();
      for (int i = 0; i < written[slot].length && !sequence.finished(); i++) {
        tokens += fused.accept(written[slot][i], end.logits()[slot], i) ? 1 : 0;
      }
      if (sequence.savesState()) {
        sequence.save(decoder.state(sequences.indexOf(fused)));
      }
    }
    return tokens;
  }

  /** Frees the decoder. */
  @Override
  public void close() {
    if (decoder != null) {
      decoder.close();
    }
  }
}
