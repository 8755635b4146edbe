package folio.benchmark;

import folio.benchmark.LatencyHistogram.Percentiles;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Markdown tables of all rounds. */
final class Report {
  private static final double MEBIBYTE = 1 << 20;

  private final List<Measurement> measurements;
  private final List<String> sides;
  private final List<Integer> streams;

  Report(List<Measurement> measurements) {
    this.measurements = measurements;
    this.sides = measurements.stream().map(Measurement::side).distinct().toList();
    this.streams = measurements.stream().map(Measurement::streams).distinct().toList();
  }

  /** Prints all tables that there are figures for. */
  void print(PrintWriter out) {
    printThroughput(out);
    printRatios(out);
    printProcesses(out);
    out.flush();
  }

  private void printThroughput(PrintWriter out) {
    out.println();
    out.println("| streams | side | characters/s, median | least | most |");
    out.println("| --: | --- | --: | --: | --: |");
    for (int n : streams) {
      for (String side : sides) {
        double[] values = figures(n, side).mapToDouble(Figures::charactersPerSecond).toArray();
        out.printf(
            "| %d | %s | %,.0f | %,.0f | %,.0f |%n",
            n, side, median(values), least(values), most(values));
      }
    }
  }

  /** Of a round's two figures, which saw the same machine. */
  private void printRatios(PrintWriter out) {
    List<String[]> pairs =
        Stream.of(
                new String[] {Sides.SERVICE, Sides.PEER},
                new String[] {Sides.SERVICE, Sides.ENGINE},
                new String[] {Sides.ENGINE, Sides.STEP},
                new String[] {Sides.ENGINE, Sides.GRAPH})
            .filter(pair -> sides.containsAll(List.of(pair)))
            .toList();
    if (pairs.isEmpty()) {
      return;
    }
    out.println();
    out.println("| streams | ratio of a round's figures | median | least | most |");
    out.println("| --: | --- | --: | --: | --: |");
    for (int n : streams) {
      for (String[] pair : pairs) {
        double[] values = ratios(n, pair[0], pair[1]);
        out.printf(
            "| %d | %s / %s | %.2f | %.2f | %.2f |%n",
            n, pair[0], pair[1], median(values), least(values), most(values));
      }
    }
  }

  private double[] ratios(int n, String above, String below) {
    double[] upper = figures(n, above).mapToDouble(Figures::charactersPerSecond).toArray();
    double[] lower = figures(n, below).mapToDouble(Figures::charactersPerSecond).toArray();
    double[] ratios = new double[upper.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = upper[i] / lower[i];
    }
    return ratios;
  }

  private void printProcesses(PrintWriter out) {
    out.println();
    out.println(
        "Medians of the rounds. Milliseconds are median / 99th percentile, as a client sees them;"
            + " CPU is in seconds a second.");
    out.println();
    out.println(
        "| streams | side | first character, ms | of a newcomer | between characters, ms"
            + " | between events, ms | CPU | of event loops | of lanes | memory, MiB | peak, MiB |");
    out.println("| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    for (int n : streams) {
      for (String side : sides) {
        if (figures(n, side).anyMatch(figures -> figures.usage() != null)) {
          out.println("| " + n + " | " + side + " | " + String.join(" | ", cells(n, side)) + " |");
        }
      }
    }
  }

  private List<String> cells(int n, String side) {
    return List.of(
        latency(n, side, Figures.Latency::firstCharacter),
        latency(n, side, Figures.Latency::newcomer),
        latency(n, side, Figures.Latency::characterGap),
        latency(n, side, Figures.Latency::eventGap),
        usage(n, side, "%.2f", Usage::cpu),
        side.equals(Sides.PEER) ? "–" : usage(n, side, "%.2f", Usage::eventLoopCpu),
        side.equals(Sides.PEER) ? "–" : usage(n, side, "%.2f", Usage::decodeCpu),
        usage(n, side, "%.0f", usage -> usage.residentBytes() / MEBIBYTE),
        usage(n, side, "%.0f", usage -> usage.peakBytes() / MEBIBYTE));
  }

  private String latency(int n, String side, Function<Figures.Latency, Percentiles> which) {
    List<Percentiles> rounds =
        figures(n, side)
            .map(Figures::latency)
            .filter(Objects::nonNull)
            .map(which)
            .filter(Objects::nonNull)
            .toList();
    if (rounds.isEmpty()) {
      return "–";
    }
    return String.format(
        "%.2f / %.2f",
        median(rounds.stream().mapToDouble(Percentiles::p50Millis).toArray()),
        median(rounds.stream().mapToDouble(Percentiles::p99Millis).toArray()));
  }

  private String usage(int n, String side, String format, ToDoubleFunction<Usage> which) {
    return String.format(
        format, median(figures(n, side).map(Figures::usage).mapToDouble(which).toArray()));
  }

  /** One a round, in order. */
  private Stream<Figures> figures(int n, String side) {
    return measurements.stream()
        .filter(each -> each.streams() == n && each.side().equals(side))
        .map(Measurement::figures);
  }

  private static double median(double... values) {
    double[] sorted = DoubleStream.of(values).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static double least(double... values) {
    return DoubleStream.of(values).min().orElseThrow();
  }

  private static double most(double... values) {
    return DoubleStream.of(values).max().orElseThrow();
  }
}
