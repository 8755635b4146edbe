package folio.trainer.sweep;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The results of a sweep as a table in Markdown, one row per run, the lowest loss first. A row
 * shows the options that are not the same in all runs; the others stand above the table.
 */
final class SweepTable {
  private static final String HELD_OUT = "held-out-";

  private SweepTable() {}

  /**
   * A row.
   *
   * @param failed whether the run's process ended with an error
   */
  record Row(SweepFile.Run run, RunRecord record, boolean failed) {
    /** Returns the loss by which runs are ordered, in nats; NaN if nothing was measured. */
    double loss() {
      double heldOut = record.lowestLoss(HELD_OUT + record.protocol());
      return Double.isNaN(heldOut) ? record.lowestLoss(record.protocol()) : heldOut;
    }
  }

  /**
   * Returns the table; results that a run does not have are dashes. The run with the lowest loss is
   * bold.
   */
  static String render(List<Row> all) {
    List<Row> rows = new ArrayList<>(all);
    rows.sort(Comparator.comparingDouble(Row::loss)); // NaN comes last
    Set<String> common = new LinkedHashSet<>(options(rows.get(0)));
    rows.forEach(row -> common.retainAll(options(row)));
    StringBuilder table = new StringBuilder();
    if (!common.isEmpty()) {
      table.append("All runs: `").append(String.join(" ", common)).append("`\n\n");
    }
    table.append(
        "| run | `./folio train` | steps | training | held out, lowest | held out, last |"
            + " validation, published | characters/s | |\n");
    table.append("| --- | --- | --: | --: | --: | --: | --: | --: | --- |\n");
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      RunRecord record = row.record();
      String protocol = record.protocol();
      boolean best = i == 0 && !Double.isNaN(row.loss());
      List<String> own = new ArrayList<>(options(row));
      own.removeAll(common);
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %,d | %s | %s | %s | %s | %s | %s |%n",
              best ? "**" + row.run().name() + "**" : row.run().name(),
              own.isEmpty() ? "" : "`" + String.join(" ", own) + "`",
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

  /** Returns the options of a run, each with its value; of an option, the last one counts. */
  private static List<String> options(Row row) {
    Map<String, String> byName = new LinkedHashMap<>();
    String last = null;
    for (String word : row.run().options()) {
      if (word.startsWith("--")) {
        last = word.replaceFirst("=.*", "");
        byName.put(last, word.replaceFirst("=", " "));
      } else if (last != null) {
        byName.merge(last, word, (option, value) -> option + " " + value);
      }
    }
    return List.copyOf(byName.values());
  }

  private static String nats(double loss) {
    return Double.isNaN(loss) ? "–" : String.format(Locale.ROOT, "%.4f", loss);
  }
}
