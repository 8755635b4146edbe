package folio.trainer.benchmark;

import folio.trainer.benchmark.StepTimer.Extras;
import folio.trainer.benchmark.StepTimer.Size;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Measures training steps of several sizes and prints the results as tables in Markdown. */
public final class StepTables {
  private final PrintWriter out;
  private final StepTimer timer;
  private final int rounds;

  /**
   * Creates tables.
   *
   * @param out the writer that receives the tables; it stays open
   * @param rounds the number of measurements whose median is printed, at least 1
   */
  public StepTables(PrintWriter out, StepTimer timer, int rounds) {
    this.out = out;
    this.timer = timer;
    this.rounds = rounds;
  }

  /** A training loop that Folio's is compared with. */
  @FunctionalInterface
  public interface Baseline {
    /** Returns the milliseconds of a step, measured over a number of steps. */
    double millis(Size size, int steps);
  }

  /** One measurement of both sides, in milliseconds a step. */
  private record Pair(double ours, double baseline) {
    double ratio() {
      return baseline / ours;
    }
  }

  /** Prints bare steps and those of a baseline, which are measured in alternation. */
  public void printComparison(List<Size> sizes, Baseline baseline) {
    out.println();
    out.println(
        "| network | batch | Folio, ms/step | PyTorch, ms/step | speed-up | characters/s |");
    out.println("| --- | --- | --: | --: | --: | --: |");
    for (Size size : sizes) {
      List<Pair> pairs = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        double ours = timer.millis(size, Extras.NONE);
        pairs.add(new Pair(ours, baseline.millis(size, timer.stepsIn(ours))));
      }
      double[] ratios = sorted(pairs, Pair::ratio);
      double millis = median(sorted(pairs, Pair::ours));
      out.printf(
          "| %s | %.2f | %.2f | %.2f (%.2f–%.2f) | %,.0f |%n",
          cells(size),
          millis,
          median(sorted(pairs, Pair::baseline)),
          median(ratios),
          ratios[0],
          ratios[ratios.length - 1],
          size.characters() / millis * 1000);
      out.flush();
    }
  }

  /** Prints bare steps alone. */
  public void printSteps(List<Size> sizes) {
    out.println();
    out.println("| network | batch | ms/step | characters/s |");
    out.println("| --- | --- | --: | --: |");
    for (Size size : sizes) {
      double[] millis = new double[rounds];
      Arrays.setAll(millis, round -> timer.millis(size, Extras.NONE));
      Arrays.sort(millis);
      out.printf(
          "| %s | %.2f (%.2f–%.2f) | %,.0f |%n",
          cells(size),
          median(millis),
          millis[0],
          millis[rounds - 1],
          size.characters() / median(millis) * 1000);
      out.flush();
    }
  }

  /** Prints bare steps and steps with each of the extras of a real run. */
  public void printCosts(List<Size> sizes) {
    out.println();
    out.println("| network | batch | bare, ms/step | + clipping | + average | + dropout | all |");
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

  private static String cells(Size size) {
    return String.format(
        "%d × %d | %d × %d", size.layers(), size.hidden(), size.rows(), size.length());
  }

  private static double[] sorted(List<Pair> pairs, ToDoubleFunction<Pair> figure) {
    return pairs.stream().mapToDouble(figure).sorted().toArray();
  }

  private static double median(double[] sorted) {
    return sorted[sorted.length / 2];
  }
}
