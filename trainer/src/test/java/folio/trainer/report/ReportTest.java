package folio.trainer.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The console, the view of predictions and the record of a run. */
class ReportTest {
  @TempDir Path folder;

  @Test
  void coloursEachWrongCharacter() {
    int[] target = "to be\n".codePoints().toArray();
    int[] predicted = "ta be ".codePoints().toArray();

    assertThat(PredictionView.render(target, predicted, Ansi.ON))
        .isEqualTo("target     to be⏎\nprediction t\u001b[31ma\u001b[0m be\u001b[31m \u001b[0m\n");
    assertThat(PredictionView.render(target, predicted, Ansi.OFF))
        .isEqualTo("target     to be⏎\nprediction ·a··· \n");
  }

  @Test
  void resumedRecordDropsLaterEventsAndIncompleteLines() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    MetricsFile metrics = new MetricsFile(file, 0);
    metrics.write("progress", 10, Map.of("loss", 2.5));
    metrics.write("progress", 20, Map.of("loss", 2.0));
    // A process was killed in the middle of a line and of a two-byte letter.
    Files.write(
        file, new byte[] {'{', '"', 't', '"', ':', '"', (byte) 0xC3}, StandardOpenOption.APPEND);

    new MetricsFile(file, 10).write("resume", 10, Map.of());

    assertThat(Files.readAllLines(file))
        .containsExactly(
            "{\"event\":\"progress\",\"step\":10,\"loss\":2.5}",
            "{\"event\":\"resume\",\"step\":10}");
  }

  @Test
  void printsPlainLinesWithoutATerminal() {
    String text = print(false);

    assertThat(text)
        .contains("step 5/10 loss 2.000 lr 1.0e-03 12,345 characters/s")
        .doesNotContain("\u001b", "\r");
  }

  @Test
  void drawsABarOnATerminal() {
    String text = print(true);

    assertThat(text)
        .contains("train", "5/10", "loss 2.000 lr 1.0e-03 12,345 characters/s", "\r\u001b[K");
  }

  private static String print(boolean terminal) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Console console =
        new Console(
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            terminal,
            new Console.Task("train", "step", 0, 10))) {
      console.step(5);
      console.progress(5, new Console.Speed(2, 0.001, 12_345));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
