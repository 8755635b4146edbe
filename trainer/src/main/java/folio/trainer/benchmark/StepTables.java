package folio.trainer.benchmark;

import folio.trainer.benchmark.StepTimer.Extras;
import folio.trainer.benchmark.StepTimer.Size;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** Measures training steps of several sizes and prints the results as tables in Markdown. */
public final class StepTables {
  private final PrintWriter out;
  private final List<StepTimer> timers;
  private final int rounds;

  /**
   * Creates tables.
   *
   * @param out the writer that receives the tables; it stays open
   * @param timers Folio's steps, one for each precision
   * @param rounds the number of measurements whose median is printed, at least 1
   */
  public StepTables(PrintWriter out, List<StepTimer> timers, int rounds) {
    this.out = out;
    this.timers = timers;
    this.rounds = rounds;
  }

  /** A training loop that Folio's is compared with. */
  public interface Baseline {
    /** Returns its name, for a column of a table. */
    String name();

    /** Returns the milliseconds of a step, measured over a number of steps. */
    double millis(Size size, int steps);
  }

  /**
   * Prints bare steps of Folio in every precision and those of all baselines. In every round, all
   * are measured in turn. The speed-up is that of Folio's fastest over the fastest baseline.
   */
  public void print(List<Size> sizes, List<Baseline> baselines) {
    out.println();
    out.print("| network | batch |");
    timers.forEach(timer -> out.print(" Folio " + timer.name() + ", ms/step |"));
    baselines.forEach(baseline -> out.print(" " + baseline.name() + ", ms/step |"));
    out.println(baselines.isEmpty() ? " characters/s |" : " speed-up | characters/s |");
    int figures = timers.size() + baselines.size() + (baselines.isEmpty() ? 1 : 2);
    out.println("| --- | --- |" + " --: |".repeat(figures));
    for (Size size : sizes) {
      print(size, baselines);
    }
  }

  private void print(Size size, List<Baseline> baselines) {
    List<double[]> ours = new ArrayList<>();
    List<double[]> theirs = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      double[] own = timers.stream().mapToDouble(each -> each.millis(size, Extras.NONE)).toArray();
      int steps = timers.get(0).stepsIn(lowest(own));
      ours.add(own);
      theirs.add(baselines.stream().mapToDouble(each -> each.millis(size, steps)).toArray());
    }
    out.print("| " + cells(size) + " |");
    printMedians(ours, timers.size());
    printMedians(theirs, baselines.size());
    double[] fastest = ours.stream().mapToDouble(StepTables::lowest).sorted().toArray();
    if (!baselines.isEmpty()) {
      double[] ratios = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        ratios[round] = lowest(theirs.get(round)) / lowest(ours.get(round));
      }
      Arrays.sort(ratios);
      out.printf(" %.2f (%.2f–%.2f) |", median(ratios), ratios[0], ratios[rounds - 1]);
    }
    out.printf(" %,.0f |%n", size.characters() / median(fastest) * 1000);
    out.flush();
  }

  private void printMedians(List<double[]> measured, int columns) {
    for (int i = 0; i < columns; i++) {
      int column = i;
      out.printf(
          " %.2f |", median(measured.stream().mapToDouble(m -> m[column]).sorted().toArray()));
    }
  }

  /** Prints bare steps and steps with each of the extras of a real run, in the last precision. */
  public void printCosts(List<Size> sizes) {
    StepTimer timer = timers.get(timers.size() - 1);
    out.println();
    out.println(
        "| network | batch | bare "
            + timer.name()
            + ", ms/step | + clipping | + average | + dropout | all |");
    out.println("| --- | --- | --: | --: | --: | --: | --: |");
    for (Size size : sizes) {
      out.print("| " + cells(size) + " |");
      for (Extras extras : Extras.values()) {
        out.printf(" %.2f |", timer.millis(size, extras));
        out.flush();
      }
      out.println();
    }
    out.flush();
  }

  static String cells(Size size) {
    return String.format(
        "%d × %d | %d × %d", size.layers(), size.hidden(), size.rows(), size.length());
  }

  private static double lowest(double[] numbers) {
    return DoubleStream.of(numbers).min().orElseThrow();
  }

  private static double median(double[] sorted) {
    return sorted[sorted.length / 2];
  }
}
