package folio.inference.engine;

import folio.inference.decoding.Decoded;
import folio.inference.decoding.Decoder;
import folio.model.sampling.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Running slots: a pass is a step, one character for each. Of a thousand slots, the decode thread
 * looks only at those that are over: workers have just written to all of them, and to fetch them
 * from their caches one by one would take longer than to choose their characters.
 */
final class Steps implements Pass, AutoCloseable {
  private final Decoder decoder;
  private final Rows rows;
  private final Queue<Integer> overRows = new ConcurrentLinkedQueue<>();
  private Slot[] chosenFor;
  private long[] chosen;
  private Decoded underWay;
  private float[] logits;

  Steps(Decoder decoder) {
    this.decoder = decoder;
    this.rows = new Rows(decoder);
  }

  Rows members() {
    return rows;
  }

  @Override
  public boolean isEmpty() {
    return rows.count() == 0;
  }

  @Override
  public void launch() {
    Slot[] slots = rows.all();
    if (chosenFor != slots) {
      chosenFor = slots;
      chosen = Arrays.stream(slots).mapToLong(slot -> slot == null ? 0 : slot.lastId()).toArray();
    }
    underWay = decoder.step(chosen, rows.state());
    rows.state(underWay.state());
  }

  @Override
  public void fetch() {
    try (Decoded done = underWay) {
      logits = done.logits();
    }
  }

  @Override
  public int rows() {
    return rows.all().length;
  }

  @Override
  public void choose(int from, int to) {
    Sampler sampler = new Sampler(decoder.config().vocabularySize());
    for (int row = from; row < to; row++) {
      Slot slot = rows.all()[row];
      if (slot != null) {
        slot.choose(sampler, logits, row * decoder.config().vocabularySize());
        chosen[row] = slot.lastId();
        if (slot.over()) {
          overRows.add(row);
        }
      }
    }
  }

  /** Takes out and returns the slots that the last step found to be over. */
  List<Slot> removeOver() {
    List<Slot> removed = new ArrayList<>();
    for (Integer row = overRows.poll(); row != null; row = overRows.poll()) {
      removed.add(rows.remove(row));
    }
    return removed;
  }

  @Override
  public void close() {
    rows.close();
  }
}
