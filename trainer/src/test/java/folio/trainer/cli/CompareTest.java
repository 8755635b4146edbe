package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two runs of which the second one is better, and one that has not begun. */
class CompareTest {
  private final TrainerConsole console = new TrainerConsole();

  @TempDir Path folder;

  @AfterEach
  void restore() {
    console.close();
  }

  private String run(String name, String rate, double... losses) throws IOException {
    StringBuilder events = new StringBuilder();
    events.append(
        "{\"event\":\"begin\",\"step\":0,\"time\":\"2026-11-28T05:00:00Z\",\"settings\":"
            + "{\"learning-rate\":\"%s\",\"layers\":\"2\"}}%n".formatted(rate));
    for (int i = 0; i < losses.length; i++) {
      events.append(
          ("{\"event\":\"progress\",\"step\":%1$d0,\"training_loss_nats\":%2$s,"
                  + "\"characters_per_second\":1234.5}%n{\"event\":\"evaluation\",\"step\":%1$d0,"
                  + "\"time\":\"2026-11-28T05:00:%1$d0Z\",\"loss_nats\":"
                  + "{\"carried-64\":1.0,\"windows-256\":%2$s}}%n")
              .formatted(i + 1, losses[i]));
    }
    Path run = Files.createDirectories(folder.resolve(name));
    Files.writeString(run.resolve("metrics.jsonl"), events);
    return run.toString();
  }

  @Test
  void printsATableAndWritesAPage() throws IOException {
    String worse = run("worse", "0.1", 3.0, 2.5, 2.75);
    String better = run("better", "0.01", 3.0, 2.25);
    String begun = run("begun", "0.01");
    Path page = folder.resolve("page.html");

    List<String> words = List.of("compare", worse, begun, better, "--output=" + page);
    assertThat(console.run(words)).as(console.errors()).isZero();
    List<String> lines = console.output().lines().toList();
    assertThat(lines.get(0))
        .matches(
            "run +lowest loss +protocol +training +steps +took +characters/s +--learning-rate");
    assertThat(lines.get(1))
        .matches("better +2.2500 +windows-256 +2.2500 +20 +0:00:20 +1,23. +0.01");
    assertThat(lines.get(2)).matches("worse +2.5000 +windows-256 +2.7500 +30 +0:00:30 +1,23. +0.1");
    assertThat(lines.get(3)).matches("begun +– +– +– +0 +– +– +0.01");
    assertThat(lines.get(4)).isEqualTo(page.toString());
    assertThat(Files.readString(page))
        .contains("<th>--learning-rate", "<td>better<td>2.2500", "—</b> worse", "</html>")
        .doesNotContain("--layers")
        .containsPattern("(?s)<polyline.*<polyline.*<polyline.*<polyline");
  }

  @Test
  void namesAFolderThatHoldsNoRun() throws IOException {
    assertThat(console.run(List.of("compare", run("one", "1", 2.0), folder.toString())))
        .isEqualTo(2);
    assertThat(console.errors()).contains("there is no " + folder.resolve("metrics.jsonl"));
    assertThat(console.run(List.of("compare", folder.toString()))).isEqualTo(2);
  }
}
