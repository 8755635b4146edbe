package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.trainer.run.SmallRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Trainer processes that run out of memory. */
@Tag("slow")
class MemoryTest {
  @TempDir Path folder;

  private String train(String heap, String limit, String... more)
      throws IOException, InterruptedException {
    Path corpus = Files.writeString(folder.resolve("corpus.txt"), "abcdefghijklm\n".repeat(400));
    List<String> arguments =
        SmallRun.arguments(corpus, folder.resolve("checkpoints").toString(), folder.resolve("run"));
    arguments.add("--sampling=random");
    arguments.addAll(List.of(more));
    List<String> command = new ArrayList<>(TrainerProcess.of(arguments).command());
    command.add(1, heap);
    command.addAll(0, List.of("bash", "-c", limit + " exec \"$@\"", "bash"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(1);
    return output;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aBatchThatDoesNotFitIsNamedAsTheCause() throws Exception {
    assertThat(
            train(
                "-Xmx256m",
                "ulimit -v 8000000;",
                "--batch=16384",
                "--length=64",
                "--hidden-size=512"))
        .contains(
            "folio: memory ran out. The run takes about 43.",
            "GB: 42.9 GB for the layers (--batch x --length x --layers x --hidden-size), ",
            "for the weights and the optimizer (",
            "lower the options of the largest");
  }

  @Test
  void aHeapThatIsTooSmallForTheStateIsNamedAsTheCause() throws Exception {
    assertThat(train("-Xmx100m", "", "--batch=4", "--length=16", "--hidden-size=1024"))
        .containsPattern("Java's heap has 10\\d MB and needs about 3\\d\\d MB to save the state")
        .contains("give it more with -Xmx");
  }
}
