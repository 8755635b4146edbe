package folio.benchmark.cli;

import ai.djl.engine.Engine;
import folio.benchmark.subject.MachineSettings;
import folio.model.network.CharGruConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The first lines of a benchmark's output: the network, the machine and the versions of libraries.
 *
 * @param network the checkpoint or the untrained network, in words
 */
record RunHeader(String network, int vocabularySize, MachineSettings machine) {
  /**
   * Creates the header.
   *
   * @param checkpoint the directory of a trained checkpoint, or null for an untrained network
   */
  static RunHeader of(Path checkpoint, CharGruConfig config, MachineSettings machine) {
    NetworkName name = new NetworkName(config.network(), config.layers(), config.hiddenSize());
    return new RunHeader(
        checkpoint == null ? "untrained " + name : checkpoint + " (" + name + ")",
        config.vocabularySize(),
        machine);
  }

  /** Prints the header; libtorch must be loaded. */
  void print(PrintWriter out) {
    out.printf(
        "%s, vocabulary of %d; %s, %s, %d cores; %d threads for every system%n",
        network,
        vocabularySize,
        machine.device().spelling(),
        cpuModel(),
        Runtime.getRuntime().availableProcessors(),
        machine.cpuThreads());
    out.printf(
        "engine: PyTorch %s through DJL %s, Java %s%n",
        Engine.getInstance().getVersion(), Engine.getDjlVersion(), Runtime.version());
    out.flush();
  }

  private static String cpuModel() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown CPU");
    } catch (IOException e) {
      return "unknown CPU";
    }
  }
}
