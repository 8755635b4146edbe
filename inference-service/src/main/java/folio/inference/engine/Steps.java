package folio.inference.engine;

import folio.inference.decoding.Decoded;
import folio.inference.decoding.Decoder;
import folio.model.sampling.Sampler;

/** Running slots: a pass is a step, one character for each. */
final class Steps implements Pass, AutoCloseable {
  private final Decoder decoder;
  private final Rows rows;
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
    long[] ids = new long[slots.length];
    for (int row = 0; row < ids.length; row++) {
      ids[row] = slots[row] == null ? 0 : slots[row].lastId();
    }
    underWay = decoder.step(ids, rows.state());
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
      }
    }
  }

  @Override
  public void close() {
    rows.close();
  }
}
