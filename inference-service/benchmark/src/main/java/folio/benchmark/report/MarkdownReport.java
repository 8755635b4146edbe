package folio.benchmark.report;

import folio.benchmark.process.ProcessUsage;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** The Markdown tables of a benchmark: throughput, ratios, latencies and resource usage. */
public final class MarkdownReport {
  private static final double MEBIBYTE = 1 << 20;
  private static final String NOT_MEASURED = "–";

  /** Two systems whose throughput the second table divides. */
  private record Comparison(SystemName system, SystemName baseline) {}

  private static final List<Comparison> COMPARISONS =
      List.of(
          new Comparison(SystemName.SERVICE, SystemName.FASTAPI_BASELINE),
          new Comparison(SystemName.SERVICE, SystemName.ENGINE),
          new Comparison(SystemName.ENGINE, SystemName.PYTORCH_STEP),
          new Comparison(SystemName.ENGINE, SystemName.PYTORCH_GRAPH),
          new Comparison(SystemName.ENGINE, SystemName.PYTORCH_HALF_GRAPH),
          new Comparison(SystemName.ENGINE, SystemName.PYTORCH_COMPILED));

  private final List<Measurement> measurements;
  private final List<SystemName> systems;
  private final List<Integer> streamCounts;

  /** Creates the report of all measurements of a run, in the order in which they were made. */
  public MarkdownReport(List<Measurement> measurements) {
    this.measurements = measurements;
    this.systems = measurements.stream().map(Measurement::system).distinct().toList();
    this.streamCounts = measurements.stream().map(Measurement::streams).distinct().toList();
  }

  /** Prints every table that has results. */
  public void print(PrintWriter out) {
    printThroughput(out);
    printRatios(out);
    printProcesses(out);
    out.flush();
  }

  private void printThroughput(PrintWriter out) {
    out.println();
    out.println("| streams | system | characters/s, median | min | max |");
    out.println("| --: | --- | --: | --: | --: |");
    for (int streams : streamCounts) {
      for (SystemName system : systems) {
        double[] values = throughput(streams, system);
        out.printf(
            "| %d | %s | %,.0f | %,.0f | %,.0f |%n",
            streams, system, median(values), min(values), max(values));
      }
    }
  }

  /** Prints ratios within a round, since both of its figures come from the same machine state. */
  private void printRatios(PrintWriter out) {
    List<Comparison> comparisons =
        COMPARISONS.stream()
            .filter(pair -> systems.containsAll(List.of(pair.system(), pair.baseline())))
            .toList();
    if (comparisons.isEmpty()) {
      return;
    }
    out.println();
    out.println("| streams | throughput ratio within a round | median | min | max |");
    out.println("| --: | --- | --: | --: | --: |");
    for (int streams : streamCounts) {
      for (Comparison pair : comparisons) {
        double[] values = ratios(streams, pair);
        out.printf(
            "| %d | %s / %s | %.2f | %.2f | %.2f |%n",
            streams, pair.system(), pair.baseline(), median(values), min(values), max(values));
      }
    }
  }

  private double[] ratios(int streams, Comparison pair) {
    double[] numerators = throughput(streams, pair.system());
    double[] denominators = throughput(streams, pair.baseline());
    double[] ratios = new double[numerators.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = numerators[i] / denominators[i];
    }
    return ratios;
  }

  private void printProcesses(PrintWriter out) {
    out.println();
    out.println(
        "Medians of the rounds. Milliseconds are median / 99th percentile, measured by the clients;"
            + " CPU is in CPU seconds per second.");
    out.println();
    out.println(
        "| streams | system | first character, ms | first character under load, ms"
            + " | gap between characters, ms | gap between events, ms | CPU | event loop CPU"
            + " | worker CPU | memory, MiB | peak memory, MiB |");
    out.println("| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    for (int streams : streamCounts) {
      for (SystemName system : systems) {
        if (results(streams, system).anyMatch(result -> result.usage() != null)) {
          String cells = String.join(" | ", cells(streams, system));
          out.println("| " + streams + " | " + system + " | " + cells + " |");
        }
      }
    }
  }

  private List<String> cells(int streams, SystemName system) {
    // The baseline's process has no Vert.x event loops and no workers.
    boolean hasNamedThreads = system != SystemName.FASTAPI_BASELINE;
    return List.of(
        latency(streams, system, WindowResult.Latency::firstCharacter),
        latency(streams, system, WindowResult.Latency::firstCharacterUnderLoad),
        latency(streams, system, WindowResult.Latency::characterGap),
        latency(streams, system, WindowResult.Latency::eventGap),
        cpu(streams, system, ProcessUsage::cpu),
        hasNamedThreads ? cpu(streams, system, ProcessUsage::eventLoopCpu) : NOT_MEASURED,
        hasNamedThreads ? cpu(streams, system, ProcessUsage::workerCpu) : NOT_MEASURED,
        mebibytes(streams, system, ProcessUsage::residentBytes),
        mebibytes(streams, system, ProcessUsage::peakBytes));
  }

  private String latency(
      int streams, SystemName system, Function<WindowResult.Latency, Percentiles> component) {
    List<Percentiles> rounds =
        results(streams, system)
            .map(WindowResult::latency)
            .filter(Objects::nonNull)
            .map(component)
            .filter(Objects::nonNull)
            .toList();
    if (rounds.isEmpty()) {
      return NOT_MEASURED;
    }
    return String.format(
        "%.2f / %.2f",
        median(rounds.stream().mapToDouble(Percentiles::p50Millis).toArray()),
        median(rounds.stream().mapToDouble(Percentiles::p99Millis).toArray()));
  }

  private String cpu(int streams, SystemName system, ToDoubleFunction<ProcessUsage> component) {
    return String.format("%.2f", medianUsage(streams, system, component));
  }

  private String mebibytes(
      int streams, SystemName system, ToDoubleFunction<ProcessUsage> component) {
    return String.format("%.0f", medianUsage(streams, system, component) / MEBIBYTE);
  }

  private double medianUsage(
      int streams, SystemName system, ToDoubleFunction<ProcessUsage> component) {
    return median(
        results(streams, system).map(WindowResult::usage).mapToDouble(component).toArray());
  }

  private double[] throughput(int streams, SystemName system) {
    return results(streams, system).mapToDouble(WindowResult::charactersPerSecond).toArray();
  }

  /** Returns the results of a system for a number of streams, one for each round, in order. */
  private Stream<WindowResult> results(int streams, SystemName system) {
    return measurements.stream()
        .filter(each -> each.streams() == streams && each.system() == system)
        .map(Measurement::result);
  }

  private static double median(double... values) {
    double[] sorted = DoubleStream.of(values).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static double min(double... values) {
    return DoubleStream.of(values).min().orElseThrow();
  }

  private static double max(double... values) {
    return DoubleStream.of(values).max().orElseThrow();
  }
}
