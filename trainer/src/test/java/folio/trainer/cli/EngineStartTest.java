package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The message of a command when libtorch cannot be loaded. */
@Timeout(120)
class EngineStartTest {
  @TempDir Path folder;

  /** Returns the only line of a sample that fails. */
  private static String fail(Map<String, String> environment) throws Exception {
    ProcessBuilder sample =
        TrainerProcess.of(List.of("sample", "embedded", "--max-tokens=3", "--device=cpu"));
    sample.environment().put("DJL_OFFLINE", "true");
    sample.environment().putAll(environment);
    Process process = sample.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(1);
    List<String> lines =
        output.lines().filter(line -> !line.startsWith("Picked up JAVA_TOOL_OPTIONS")).toList();
    assertThat(lines).hasSize(1);
    return lines.get(0);
  }

  @Test
  void namesTheRootCauseAndTheCacheFolder() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "not a folder");
    assertThat(fail(Map.of("DJL_CACHE_DIR", file.toString())))
        .startsWith("folio: the engine libtorch cannot be loaded: ")
        .contains("FileSystemException: " + file + "/pytorch: Not a directory")
        .endsWith(
            "; DJL_CACHE_DIR, which is "
                + file
                + ", must be a folder that can be written and from which libraries can be loaded")
        .doesNotContain("memory");
  }

  @Test
  void namesAnUnsupportedPlatform() throws Exception {
    assertThat(
            fail(
                Map.of(
                    "DJL_CACHE_DIR", folder.toString(), "JAVA_TOOL_OPTIONS", "-Dos.arch=riscv64")))
        .startsWith("folio: the engine libtorch cannot be loaded: ")
        .endsWith(
            "; Folio needs Linux with glibc on x86-64 or ARM64, or macOS on Apple silicon, and this"
                + " machine is Linux riscv64");
  }
}
