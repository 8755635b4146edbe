package folio.trainer.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import folio.trainer.benchmark.PyTorchBaseline;
import folio.trainer.benchmark.StepTimer;
import folio.trainer.benchmark.StepTimer.Size;
import folio.trainer.corpus.Corpus;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code train-benchmark}. */
@Command(
    name = "train-benchmark",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description = {
      "Measures training steps beside those of the loop that one would write in PyTorch, in turns,"
          + " and prints tables in Markdown.",
      "A step is bare on both sides: random substrings, Adam, nothing dropped, clipped or averaged."
          + " A second table tells what each of these costs."
    })
final class TrainBenchmarkCommand implements Callable<Integer> {
  private static final int MAX_ROUNDS = 100;
  private static final int MAX_SECONDS = 3600;

  @Spec private CommandSpec spec;

  @Option(
      names = "--sizes",
      split = ",",
      description =
          "Residual networks and batches, LAYERSxHIDDEN@ROWSxCHARACTERS (default: 3x512, 8x512 and"
              + " 3x128 at 16x40; on a GPU also at 64x256 and 256x256).")
  private List<String> sizes;

  @Option(names = "--rounds", defaultValue = "3", description = "Both sides are measured in each.")
  private int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description =
          "A round and side, in blocks of 20 steps of which the first does not count; two blocks at"
              + " least.")
  private double seconds;

  @Option(
      names = "--python",
      defaultValue = "${env:FOLIO_PYTHON:-python3}",
      description = "Has what inference-service/benchmark/baselines/requirements.txt names.")
  private String python;

  @Option(names = "--no-peer", description = "Leave PyTorch out.")
  private boolean noPeer;

  @Option(names = "--bare", description = "Leave out the second table.")
  private boolean bare;

  @Mixin private CorpusOptions corpus;
  @Mixin private DeviceOptions device;

  /** One measurement of both sides. */
  private record Pair(double ourMillis, double peerMillis) {
    double ratio() {
      return peerMillis / ourMillis;
    }
  }

  @Override
  public Integer call() throws IOException {
    check("--rounds", rounds, 1, MAX_ROUNDS);
    check("--seconds", seconds, 0, MAX_SECONDS);
    Device where = device.start();
    List<Size> measured = sizes(where);
    Corpus text = corpus.open();
    StepTimer ours = new StepTimer(text, where, Duration.ofMillis((long) (seconds * 1000)));
    PyTorchBaseline peer = peer(where);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "PyTorch %s through DJL %s on %s, %d threads on a CPU%n",
        Engine.getInstance().getVersion(), Engine.getDjlVersion(), where, device.threadCount());
    Path file = Files.createTempFile("folio", ".txt");
    try {
      Files.writeString(file, text.text());
      if (peer == null) {
        printSteps(out, measured, ours);
      } else {
        out.println("beside it: " + peer.versions());
        printComparison(
            out,
            measured,
            ours,
            (size, ourMillis) -> peer.millis(file, size, ours.stepsIn(ourMillis)));
      }
      if (!bare) {
        printCosts(out, measured, ours);
      }
    } finally {
      Files.delete(file);
    }
    return CommandLine.ExitCode.OK;
  }

  private void printComparison(
      PrintWriter out,
      List<Size> measured,
      StepTimer ours,
      ToDoubleBiFunction<Size, Double> theirs) {
    out.println();
    out.println("| network | batch | ms a step | in PyTorch | times as fast | characters/s |");
    out.println("| --- | --- | --: | --: | --: | --: |");
    for (Size size : measured) {
      List<Pair> pairs = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        double mine = ours.millis(size, StepTimer.Extras.NONE);
        pairs.add(new Pair(mine, theirs.applyAsDouble(size, mine)));
      }
      double[] ratios = sorted(pairs, Pair::ratio);
      double millis = median(sorted(pairs, Pair::ourMillis));
      out.printf(
          "| %s | %.2f | %.2f | %.2f (%.2f–%.2f) | %,.0f |%n",
          cells(size),
          millis,
          median(sorted(pairs, Pair::peerMillis)),
          median(ratios),
          ratios[0],
          ratios[ratios.length - 1],
          size.characters() / millis * 1000);
      out.flush();
    }
  }

  private void printSteps(PrintWriter out, List<Size> measured, StepTimer ours) {
    out.println();
    out.println("| network | batch | ms a step | characters/s |");
    out.println("| --- | --- | --: | --: |");
    for (Size size : measured) {
      double[] millis = new double[rounds];
      Arrays.setAll(millis, round -> ours.millis(size, StepTimer.Extras.NONE));
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

  /** Milliseconds a step with what a real run does besides. */
  private static void printCosts(PrintWriter out, List<Size> measured, StepTimer ours) {
    out.println();
    out.println("| network | batch | bare | + clipping | + average | + dropout | all |");
    out.println("| --- | --- | --: | --: | --: | --: | --: |");
    for (Size size : measured) {
      out.print("| " + cells(size) + " |");
      for (StepTimer.Extras extras : StepTimer.Extras.values()) {
        out.printf(" %.2f |", ours.millis(size, extras));
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

  private List<Size> sizes(Device where) {
    List<String> given =
        sizes != null
            ? sizes
            : where.isGpu()
                ? List.of(
                    "3x512@16x40",
                    "8x512@16x40",
                    "3x128@16x40",
                    "3x512@64x256",
                    "8x512@64x256",
                    "3x128@64x256",
                    "3x512@256x256",
                    "8x512@256x256",
                    "3x128@256x256")
                : List.of("3x512@16x40", "8x512@16x40", "3x128@16x40");
    try {
      return given.stream().map(Size::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--sizes: " + e.getMessage(), e);
    }
  }

  private PyTorchBaseline peer(Device where) {
    if (noPeer) {
      return null;
    }
    PyTorchBaseline peer = new PyTorchBaseline(python, where);
    String why = peer.missing();
    if (why == null) {
      return peer;
    }
    spec.commandLine().getErr().println("PyTorch is left out, as " + why);
    return null;
  }

  private static double[] sorted(List<Pair> pairs, ToDoubleFunction<Pair> figure) {
    return pairs.stream().mapToDouble(figure).sorted().toArray();
  }

  private static double median(double[] sorted) {
    return sorted[sorted.length / 2];
  }

  private void check(String option, double value, int lowest, int highest) {
    if (value < lowest || value > highest) {
      throw new ParameterException(
          spec.commandLine(),
          String.format(
              "%s is %s; legal are %d to %d",
              option, TrainingOptions.number(value), lowest, highest));
    }
  }
}
