package folio.trainer.sweep;

import folio.model.storage.DurableFiles;
import folio.trainer.report.LineChart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The loss curves of a group of runs as a picture: a dashed line for the training loss, a solid one
 * for the loss that decides which network is better. Runs whose names differ only in a number
 * behind a dash are one setting with several seeds, and share a colour.
 */
final class Curves {
  private static final int HEIGHT = 500;

  /**
   * The part of a run, one over this number, that is not drawn: the losses fall so steeply in it
   * that the rest would look flat.
   */
  private static final int SKIPPED_PART = 10;

  /** The protocols whose loss decides; the first that a run has measured is drawn. */
  private static final List<String> DECIDING_PROTOCOLS =
      List.of("held-out-windows-256", "windows-256", "held-out-documents", "documents");

  private Curves() {}

  /**
   * Writes {@code GROUP.png}, unless no run has a point to draw.
   *
   * @param folder the folder of the sweep
   * @param runs the records of the group's runs, by the name of the run
   * @throws SweepException if the picture cannot be written
   */
  static void write(Path folder, String group, Map<String, RunRecord> runs) {
    LineChart chart =
        new LineChart(group + ": loss, nats per character (dashed: training)", HEIGHT);
    new TreeMap<>(runs)
        .forEach(
            (run, record) -> {
              String name = legendName(group, run);
              DECIDING_PROTOCOLS.stream()
                  .filter(protocol -> !Double.isNaN(record.lastLoss(protocol)))
                  .findFirst()
                  .ifPresent(
                      protocol ->
                          add(chart, new Line(name, false, each -> each.loss(protocol)), record));
              add(chart, new Line(name, true, RunRecord.Evaluation::trainingLoss), record);
            });
    if (chart.isEmpty()) {
      return;
    }
    try {
      DurableFiles.replace(folder.resolve(group + ".png"), chart.png());
    } catch (IOException | RuntimeException | LinkageError | InternalError e) {
      // A Java without fonts throws any of these errors.
      throw new SweepException("the picture of " + group + " cannot be written: " + e, e);
    }
  }

  /** Returns the name of a run without its group and its seed. */
  private static String legendName(String group, String run) {
    String name = run.replaceFirst("-\\d+$", "");
    return name.startsWith(group + ".") ? name.substring(group.length() + 1) : name;
  }

  private record Line(String name, boolean dashed, ToDoubleFunction<RunRecord.Evaluation> loss) {}

  /** Returns evaluations without those of the selected network after the last step. */
  private static List<RunRecord.Evaluation> duringTheRun(List<RunRecord.Evaluation> all) {
    int count = Math.min(1, all.size());
    while (count < all.size() && all.get(count).step() > all.get(count - 1).step()) {
      count++;
    }
    return all.subList(0, count);
  }

  private static void add(LineChart chart, Line line, RunRecord record) {
    List<RunRecord.Evaluation> drawn =
        duringTheRun(record.evaluations()).stream()
            .filter(each -> each.step() * SKIPPED_PART >= record.steps())
            .filter(each -> !Double.isNaN(line.loss().applyAsDouble(each)))
            .toList();
    chart.add(
        line.name(),
        line.dashed(),
        drawn.stream().mapToDouble(RunRecord.Evaluation::step).toArray(),
        drawn.stream().mapToDouble(line.loss()).toArray());
  }
}
