package folio.inference.engine;

import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.StepOutput;
import folio.model.sampling.Sampler;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Rows that libtorch computes together, each with its hidden state. A row that is removed leaves a
 * gap for the next one to join; gaps are computed with the rest, and closed once a smaller batch
 * size fits. Owned by a worker.
 */
final class StateBatch<R> implements AutoCloseable {
  private final Decoder decoder;
  private final Function<R, List<Sequence>> sequencesOf;
  private final Sampler sampler;
  private List<R> rows = List.of();
  private int count;
  private DecodeState state;

  /**
   * Creates an empty batch.
   *
   * @param characters the number of characters that can be chosen
   * @param sequencesOf returns the sequences that share a row's state; at least one
   */
  StateBatch(Decoder decoder, int characters, Function<R, List<Sequence>> sequencesOf) {
    this.decoder = decoder;
    this.sequencesOf = sequencesOf;
    this.sampler = new Sampler(characters);
    this.state = decoder.zeroState(0);
  }

  /** Returns how many rows are not gaps. */
  int count() {
    return count;
  }

  /** Returns the rows that are not gaps. */
  Stream<R> stream() {
    return rows.stream().filter(Objects::nonNull);
  }

  /** Returns every row, null for a gap; callers do not change it. */
  List<R> rows() {
    return rows;
  }

  /** Returns the hidden state of every row; the batch closes it. */
  DecodeState state() {
    return state;
  }

  /** Replaces the state by the one after a pass. */
  void replaceState(DecodeState next) {
    state.close();
    state = next;
  }

  /**
   * Waits for a pass, and samples a token for every sequence of the rows that a condition holds
   * for.
   *
   * @param position maps a row to the index of its logits in the pass's output
   */
  void sample(StepOutput pass, Predicate<R> condition, IntUnaryOperator position) {
    if (stream().noneMatch(condition)) {
      return; // on a GPU, reading the logits would wait for the pass
    }
    float[] logits = pass.logits();
    for (int row = 0; row < rows.size(); row++) {
      R entry = rows.get(row);
      if (entry != null && condition.test(entry)) {
        int offset = position.applyAsInt(row) * decoder.config().vocabularySize();
        for (Sequence sequence : sequencesOf.apply(entry)) {
          sequence.sampleNext(sampler, logits, offset);
          if (sequence.savesState()) {
            sequence.save(decoder.readState(state, row));
          }
        }
      }
    }
  }

  /**
   * Adds rows.
   *
   * @param from holds their hidden states; stays the caller's
   * @param fromRows the row of each in it
   */
  void join(List<? extends R> joining, DecodeState from, int[] fromRows) {
    List<R> next =
        new ArrayList<>(Collections.nCopies(BatchSizes.fit(count + joining.size()), null));
    long[] origin = new long[next.size()];
    int row = 0;
    for (int old = 0; old < rows.size(); old++) {
      if (rows.get(old) != null) {
        next.set(row, rows.get(old));
        origin[row++] = old;
      }
    }
    for (int i = 0; i < fromRows.length; i++) {
      next.set(row, joining.get(i));
      origin[row++] = (long) rows.size() + fromRows[i];
    }
    DecodeState arranged = decoder.arrange(state, from, origin);
    rows = next;
    count += joining.size();
    replaceState(arranged);
  }

  /** Removes and returns the rows that a condition holds for. */
  List<R> removeIf(Predicate<R> condition) {
    List<R> removed = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      if (rows.get(row) != null && condition.test(rows.get(row))) {
        removed.add(rows.set(row, null));
        count--;
      }
    }
    return removed;
  }

  /** Closes the gaps if that makes the next pass smaller. */
  void shrink() {
    if (BatchSizes.fit(count) < rows.size()) {
      try (DecodeState none = decoder.zeroState(0)) {
        join(List.of(), none, new int[0]);
      }
    }
  }

  /** Frees the state. */
  @Override
  public void close() {
    state.close();
  }
}
