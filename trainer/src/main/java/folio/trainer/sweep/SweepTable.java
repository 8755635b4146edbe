package folio.trainer.sweep;

import java.util.List;
import java.util.Locale;

/** The results of a sweep as a table in Markdown, one row a run. */
final class SweepTable {
  private static final String HELD_OUT = "held-out-";

  private SweepTable() {}

  /**
   * A row.
   *
   * @param failed whether the run's process ended with an error
   */
  record Row(SweepFile.Run run, RunRecord record, boolean failed) {}

  /** Returns the table; results that a run does not have are dashes. */
  static String render(List<Row> rows) {
    StringBuilder table = new StringBuilder();
    table.append(
        "| run | `./folio train` | steps | training | held out, lowest | held out, last |"
            + " validation, published | characters/s | |\n");
    table.append("| --- | --- | --: | --: | --: | --: | --: | --: | --- |\n");
    for (Row row : rows) {
      RunRecord record = row.record();
      String protocol = record.protocol();
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | `%s` | %,d | %s | %s | %s | %s | %s | %s |%n",
              row.run().name(),
              String.join(" ", row.run().options()),
              record.steps(),
              nats(record.trainingLoss()),
              nats(record.lowestLoss(HELD_OUT + protocol)),
              nats(record.lastLoss(HELD_OUT + protocol)),
              nats(record.lastLoss(protocol)),
              Double.isNaN(record.charactersPerSecond())
                  ? "–"
                  : String.format(Locale.ROOT, "%,.0f", record.charactersPerSecond()),
              row.failed() ? "failed" : record.ended() ? "" : "not ended"));
    }
    return table.toString();
  }

  private static String nats(double loss) {
    return Double.isNaN(loss) ? "–" : String.format(Locale.ROOT, "%.4f", loss);
  }
}
