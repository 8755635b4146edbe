package folio.trainer.benchmark;

import folio.trainer.benchmark.StepTimer.Extras;
import folio.trainer.benchmark.StepTimer.Size;
import folio.trainer.group.GradientExchange;
import folio.trainer.group.ProcessGroup;
import folio.trainer.training.Part;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;

/**
 * Measures training steps of a group of processes against those of one process with the same number
 * of rows for each, and prints the results as a table in Markdown. All processes call {@link
 * #print}; rank 0 prints.
 */
public final class GroupTable {
  private final PrintWriter out;
  private final StepTimer timer;
  private final int rounds;
  private final ProcessGroup group;
  private final GradientExchange exchange;

  /**
   * Creates a table.
   *
   * @param out the writer that receives the table; it stays open
   * @param rounds the number of measurements whose median is printed, at least 1
   * @param group the processes; it stays open
   * @param exchange the exchange between them; it stays open
   */
  public GroupTable(
      PrintWriter out, StepTimer timer, int rounds, ProcessGroup group, GradientExchange exchange) {
    this.out = out;
    this.timer = timer;
    this.rounds = rounds;
    this.group = group;
    this.exchange = exchange;
  }

  /** Measures and prints bare steps. The rows of a size are those of each process. */
  public void print(List<Size> sizes) {
    int count = group.membership().size();
    print(
        "%n| network | batch per process | 1 process, %s, ms/step | %d processes, ms/step |"
            + " characters/s, 1 process | characters/s, %d processes | speed-up |%n",
        timer.name(), count, count);
    print("| --- | --- | --: | --: | --: | --: | --: |%n");
    for (Size size : sizes) {
      print(size);
    }
  }

  private void print(Size size) {
    double[] alone = new double[rounds];
    double[] together = new double[rounds];
    double[] ratios = new double[rounds];
    Part part = new Part(group.membership().rank(), group.membership().size());
    for (int round = 0; round < rounds; round++) {
      double own = part.index() == 0 ? timer.millis(size, Extras.NONE) : 0;
      alone[round] = group.sum(new float[] {(float) own})[0]; // the others wait
      together[round] = timer.millis(size, part, exchange, timer.stepsIn(alone[round]));
      ratios[round] = part.count() * alone[round] / together[round];
    }
    Arrays.sort(alone);
    Arrays.sort(together);
    Arrays.sort(ratios);
    int middle = rounds / 2;
    print(
        "| %s | %.2f | %.2f | %,.0f | %,.0f | %.2f (%.2f–%.2f) |%n",
        StepTables.cells(size),
        alone[middle],
        together[middle],
        size.characters() / alone[middle] * 1000,
        part.count() * size.characters() / together[middle] * 1000,
        ratios[middle],
        ratios[0],
        ratios[rounds - 1]);
  }

  private void print(String format, Object... arguments) {
    if (group.membership().leads()) {
      out.printf(format, arguments);
      out.flush();
    }
  }
}
