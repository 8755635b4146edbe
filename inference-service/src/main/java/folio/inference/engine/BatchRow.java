package folio.inference.engine;

import java.util.List;

/** A row of a {@link StateBatch}. */
interface BatchRow {
  /** Returns the sequences that share the row's state; at least one. */
  List<Sequence> sequences();
}
