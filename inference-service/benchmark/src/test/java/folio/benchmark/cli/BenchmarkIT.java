package folio.benchmark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.testing.Python;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./folio benchmark} with the packaged service. */
class BenchmarkIT {
  private static final List<String> QUICK =
      List.of("benchmark", "--network=residual-1x16", "--no-baselines", "--threads=2");

  @TempDir Path folder;

  @Test
  void printsTablesAndWritesRawResults() throws Exception {
    Path raw = folder.resolve("raw.jsonl");
    Launcher run =
        Launcher.run(
            folder,
            "benchmark",
            "--network=residual-1x16",
            "--no-baselines",
            "--streams=1,4",
            "--rounds=1",
            "--seconds=1",
            "--output=" + raw);

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("\\| 1 \\| service \\| [1-9][\\d,]* \\|")
        .containsPattern("\\| 4 \\| engine \\| [1-9][\\d,]* \\|")
        .containsPattern("\\| 4 \\| service / engine \\| \\d+\\.\\d\\d \\|");
    List<String> lines = Files.readAllLines(raw);
    assertThat(lines).hasSize(4);
    JsonNode service = new JsonMapper().readTree(lines.get(2));
    assertThat(service.get("side").asText()).isEqualTo("service");
    assertThat(service.get("streams").asInt()).isEqualTo(4);
    assertThat(service.get("charactersPerSecond").asDouble()).isPositive();
    assertThat(service.get("latency").get("firstCharacter").get("p50Millis").asDouble())
        .isPositive();
    assertThat(service.get("latency").get("newcomer").get("p50Millis").asDouble()).isPositive();
    assertThat(service.get("usage").get("decodeCpu").asDouble()).isPositive();
    assertThat(service.get("usage").get("residentBytes").asLong()).isPositive();
  }

  /** The other baselines need no FastAPI; here its import fails. */
  @Test
  void leavesOutOnlyTheBaselineWhosePackageIsMissing() throws Exception {
    Python.assumeModules("torch", "numpy");
    Files.writeString(folder.resolve("fastapi.py"), "raise ImportError('no FastAPI here')\n");
    ProcessBuilder command =
        Launcher.command(
            "benchmark", "--network=residual-1x16", "--streams=1", "--rounds=1", "--seconds=0.1");
    command.environment().put("PYTHONPATH", folder.toString());
    Launcher run = Launcher.run(folder, command);

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("baselines: PyTorch \\d")
        .containsPattern("FastAPI baseline: not measured: .*no FastAPI here")
        .containsPattern("\\| 1 \\| PyTorch step \\| [1-9]");
  }

  @Test
  void endsAllChildProcessesWhenInterrupted() throws Exception {
    Process process = Launcher.command(QUICK.toArray(String[]::new)).start();
    List<ProcessHandle> started;
    try (BufferedReader progress = process.errorReader()) {
      assertThat(progress.readLine()).contains("round 1/5");
      started = process.descendants().toList();
      assertThat(started).hasSize(2);
      process.destroy(); // SIGTERM runs the same hooks as Ctrl-C
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }

    assertThat(started).noneMatch(ProcessHandle::isAlive);
  }

  @Test
  void rejectsAnInvalidOptionWithItsValueAndTheLegalRange() throws Exception {
    Launcher rounds = Launcher.run(folder, "benchmark", "--rounds=0");
    Launcher network = Launcher.run(folder, "benchmark", "--network=lstm");

    assertThat(rounds.exitCode()).isEqualTo(2);
    assertThat(rounds.err()).contains("--rounds is 0; it must be 1 to 1000");
    assertThat(network.exitCode()).isEqualTo(2);
    assertThat(network.err()).contains("--network is lstm; it must be plain-LxH");
  }
}
