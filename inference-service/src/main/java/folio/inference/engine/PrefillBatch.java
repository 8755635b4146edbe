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
 * Groups whose prompts libtorch reads, in chunks. A pass reads the next chunk of up to {@link
 * #MAX_GROUPS} prompts, the oldest first, so that a long prompt delays neither the steps of running
 * sequences nor the prompts that came after it. Chunks begin at multiples of {@link #CHUNK},
 * whatever else is in the batch. Owned by a worker.
 */
final class PrefillBatch implements AutoCloseable {
  /**
   * The largest number of characters of a prompt in a pass. The pass takes about as long as so many
   * steps, because each character waits for the one before it.
   */
  static final int CHUNK = 8;

  /** The same while running sequences wait for the pass: a step and a pass take about two steps. */
  static final int CHUNK_BESIDE_STEPS = 1;

  /**
   * The largest number of prompts in a pass: with full chunks it takes as long as 4 steps of 32
   * sequences.
   */
  static final int MAX_GROUPS = 16;

  private final Decoder decoder;
  private final ArrayDeque<SequenceGroup> waiting = new ArrayDeque<>();
  private final StateBatch<SequenceGroup> reading;
  private Pass inFlight;

  /**
   * A pass in flight.
   *
   * @param width characters of a row, T
   * @param lengths how many of them belong to the row's prompt
   * @param everyPosition whether the output holds the logits after each of them
   */
  private record Pass(StepOutput output, int width, long[] lengths, boolean everyPosition) {
    /** Returns the index of the logits that follow the row's last character. */
    int last(int row) {
      return everyPosition ? row * width + (int) lengths[row] - 1 : row;
    }
  }

  /**
   * Creates a batch that reads nothing.
   *
   * @param characters the number of characters that can be chosen
   */
  PrefillBatch(Decoder decoder, int characters) {
    this.decoder = decoder;
    this.reading = new StateBatch<>(decoder, characters, SequenceGroup::sequences);
  }

  /** Adds a group that has read nothing of its prompt. */
  void add(SequenceGroup group) {
    waiting.add(group);
  }

  /** Returns how many prompts are being read or wait to be. */
  int count() {
    return reading.count() + waiting.size();
  }

  /** Removes the groups that a condition holds for, and returns their sequences. */
  List<Sequence> removeIf(Predicate<SequenceGroup> condition) {
    List<SequenceGroup> removed = new ArrayList<>(waiting.stream().filter(condition).toList());
    waiting.removeAll(removed);
    removed.addAll(reading.removeIf(condition));
    return removed.stream().flatMap(group -> group.sequences().stream()).toList();
  }

  /**
   * Lets waiting groups join, the oldest first. A group joins while its client has fewer rows than
   * are free, so that rows are left for other clients whatever one client sends: a client alone has
   * at most half of them.
   */
  private void fillBatch() {
    reading.shrink();
    if (waiting.isEmpty()) {
      return;
    }
    ClientShares shares = new ClientShares();
    reading.stream().forEach(group -> shares.add(group.client(), 1));
    List<SequenceGroup> joining = new ArrayList<>();
    for (SequenceGroup group : waiting) {
      int free = MAX_GROUPS - reading.count() - joining.size();
      if (shares.of(group.client()) < free) {
        joining.add(group);
        shares.add(group.client(), 1);
      }
    }
    join(joining.stream().filter(group -> group.resumedState() == null).toList());
    for (SequenceGroup group : joining) {
      if (group.resumedState() != null) {
        try (DecodeState state = decoder.restore(group.resumedState().values())) {
          reading.join(List.of(group), state, new int[] {0});
        }
        waiting.remove(group);
      }
    }
  }

  /** Lets groups join that begin with a zero state. */
  private void join(List<SequenceGroup> groups) {
    if (!groups.isEmpty()) {
      try (DecodeState zero = decoder.zeroState(1)) {
        reading.join(groups, zero, new int[groups.size()]);
      }
      waiting.removeAll(groups);
    }
  }

  /**
   * Launches the pass over the next chunks, if there are prompts to read.
   *
   * @param besideSteps whether running sequences wait for the pass to end
   */
  void launch(boolean besideSteps) {
    fillBatch();
    if (reading.count() == 0) {
      return;
    }
    List<SequenceGroup> rows = reading.rows();
    int chunk = besideSteps ? CHUNK_BESIDE_STEPS : CHUNK;
    long[] lengths = new long[rows.size()];
    int longest = 1;
    for (int row = 0; row < lengths.length; row++) {
      SequenceGroup group = rows.get(row);
      lengths[row] = group == null ? 1 : Math.min(chunk, group.cursor().remaining());
      longest = Math.max(longest, (int) lengths[row]);
    }
    int width = BatchSizes.roundUpToPowerOfTwo(longest);
    long[] ids = new long[lengths.length * width];
    for (int row = 0; row < lengths.length; row++) {
      if (rows.get(row) != null) {
        rows.get(row).cursor().read(ids, row * width, (int) lengths[row]);
      }
    }
    boolean everyPosition = reading.stream().anyMatch(SequenceGroup::scoresPrompt);
    StepOutput output = decoder.prefill(ids, lengths, everyPosition, reading.state());
    inFlight = new Pass(output, width, lengths, everyPosition);
    reading.replaceState(output.state());
  }

  /**
   * Waits for the pass: reports the log-probabilities of prompts to the requests that ask for them,
   * and samples the first token of every sequence whose prompt has been read.
   */
  void finish() {
    if (inFlight == null) {
      return;
    }
    Pass pass = inFlight;
    inFlight = null;
    try (StepOutput output = pass.output()) {
      List<SequenceGroup> rows = reading.rows();
      for (int row = 0; row < rows.size(); row++) {
        SequenceGroup group = rows.get(row);
        if (group != null && group.scoresPrompt()) {
          group.score(output.logits(), row * pass.width(), (int) pass.lengths()[row]);
        }
      }
      reading.sample(output, group -> group.cursor().isAtEnd(), pass::last);
    }
  }

  /**
   * Moves the sequences whose prompts have been read to the batches that decode them; sequences
   * that have finished join none.
   *
   * @param fused takes the sequences that it has room for
   * @return all of them, each with its first token
   */
  List<Sequence> moveReady(StateBatch<Sequence> running, FusedBatch fused) {
    List<Sequence> ready = new ArrayList<>();
    List<Sequence> joining = new ArrayList<>();
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < reading.rows().size(); row++) {
      SequenceGroup group = reading.rows().get(row);
      if (group == null || !group.cursor().isAtEnd()) {
        continue;
      }
      for (Sequence sequence : group.sequences()) {
        ready.add(sequence);
        if (sequence.finished()) {
          continue;
        }
        if (fused.accepts()) {
          try (NDArray state = decoder.row(reading.state(), row)) {
            fused.join(sequence, state);
          }
        } else {
          joining.add(sequence);
          rows.add(row);
        }
      }
    }
    if (!joining.isEmpty()) {
      running.join(joining, reading.state(), rows.stream().mapToInt(Integer::intValue).toArray());
    }
    // They leave last: if one cannot join, the caller gives up all of them and must find them here.
    reading.removeIf(group -> group.cursor().isAtEnd());
    return ready;
  }

  @Override
  public void close() {
    reading.close();
  }
}
