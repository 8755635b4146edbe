package folio.trainer.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The console, the view of predictions and the record of a run. */
class ReportTest {
  @TempDir Path folder;

  @Test
  void coloursEachWrongCharacter() {
    int[] target = "to be\n".codePoints().toArray();
    int[] predicted = "ta be ".codePoints().toArray();

    assertThat(PredictionView.render(target, predicted, Ansi.ON, 80))
        .startsWith("target     to be⏎\nprediction t\u001b[31ma\u001b[0m be\u001b[31m \u001b[0m\n")
        .contains("red: the network expected another character");
    assertThat(PredictionView.render(target, predicted, Ansi.OFF, 80))
        .startsWith("target     to be⏎\nprediction ·a··· \n")
        .contains("·: the network expected the character above");
  }

  @Test
  void breaksBothLinesAfterTheSameWord() {
    int[] target = "to be or notwithstanding".codePoints().toArray();
    int[] predicted = "to be xx notwithstanding".codePoints().toArray();

    assertThat(PredictionView.render(target, predicted, Ansi.OFF, 20))
        .startsWith(
            """
            target     to be or\s
            prediction ······xx·
            target     notwithst
            prediction ·········
            target     anding
            prediction ······
            """);
  }

  @Test
  void alignsWideAndCombiningCharacters() {
    int[] target = "明a月\u0301b".codePoints().toArray();
    int[] predicted = "x月月ab".codePoints().toArray();

    assertThat(PredictionView.render(target, predicted, Ansi.OFF, 80))
        .startsWith("target     明a 月 \u0301b\nprediction x 月· a·\n");
  }

  @Test
  void resumedRecordDropsLaterEventsAndIncompleteLines() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    InstantSource clock = InstantSource.fixed(Instant.parse("2026-11-28T05:00:00.25Z"));
    MetricsFile metrics = new MetricsFile(file, 0, clock);
    metrics.write("progress", 10, Map.of("loss", 2.5));
    metrics.write("progress", 20, Map.of("loss", 2.0));
    // A process was killed in the middle of a line and of a two-byte letter.
    Files.write(
        file, new byte[] {'{', '"', 't', '"', ':', '"', (byte) 0xC3}, StandardOpenOption.APPEND);

    new MetricsFile(file, 10, clock).write("resume", 10, Map.of());

    assertThat(Files.readAllLines(file))
        .containsExactly(
            "{\"event\":\"progress\",\"step\":10,\"time\":\"2026-11-28T05:00:00.250Z\",\"loss\":2.5}",
            "{\"event\":\"resume\",\"step\":10,\"time\":\"2026-11-28T05:00:00.250Z\"}");
  }

  @Test
  void theReportTellsWhenAndHowARunWasMade() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    Instant begin = Instant.parse("2026-11-28T05:00:00Z");
    AtomicReference<Instant> now = new AtomicReference<>(begin);
    MetricsFile metrics = new MetricsFile(file, 0, now::get);
    metrics.write("begin", 0, Map.of("command", "./folio train --corpus 'a <b>.txt'"));
    for (int step = 1; step <= 5; step++) {
      now.set(begin.plusSeconds(10L * step));
      metrics.write("progress", step, Map.of("training_loss_nats", 3.0 - 0.13 * step));
    }
    now.set(begin.plusSeconds(5000));
    metrics.write("resume", 5, Map.of());
    now.set(begin.plusSeconds(5015));
    metrics.write("published", 5, Map.of("version", "20261128T062335Z-01234567", "promoted", true));
    RunReport.write(file, folder.resolve("report.html"));

    assertThat(Files.readString(folder.resolve("report.html")))
        .contains(
            "<td>began<td>2026-11-28T05:00:00Z (UTC)",
            "<td>took<td>0:01:05",
            "<td>published<td>20261128T062335Z-01234567, which became CURRENT",
            "<td>command<td>./folio train --corpus 'a &lt;b&gt;.txt'",
            ">2.2</text>", // the axis begins and ends at round values
            ">3.0</text>")
        .containsPattern("<polyline [^>]* points=\"(\\S+ ){4}\\S+\"/>");
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
    assertThat(print(true)).contains("train", "5/10", " loss 2.000", "\r\u001b[K");
    assertThat(printed(true, 120)).contains("loss 2.000 lr 1.0e-03 12,345 characters/s");
  }

  @ParameterizedTest
  @ValueSource(ints = {30, 50, 80, 140})
  void theBarIsAsWideAsTheTerminal(int columns) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    try (Console console =
        new Console(out, true, () -> columns, new Console.Task("train", "step", 0, 100_000))) {
      console.progress(5, new Console.Speed(2, 0.001, 12_345));
      console.step(50_000);
    }
    List<String> redraws = List.of(bytes.toString(StandardCharsets.UTF_8).split("\r\u001b\\[K"));

    assertThat(redraws)
        .hasSizeGreaterThan(1)
        .allSatisfy(line -> assertThat(line.strip()).hasSizeLessThan(columns))
        .anySatisfy(line -> assertThat(line).contains("50%"));
  }

  private static String print(boolean terminal) {
    return printed(terminal, 80);
  }

  private static String printed(boolean terminal, int columns) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Console console =
        new Console(
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            terminal,
            () -> columns,
            new Console.Task("train", "step", 0, 10))) {
      console.step(5);
      console.progress(5, new Console.Speed(2, 0.001, 12_345));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
