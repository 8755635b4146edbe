package folio.trainer.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import folio.trainer.report.Console;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchProgressTest {
  private static final int REQUESTS = 100;

  @TempDir Path folder;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong();

  /** Answers 31 of 100 requests after the first 10, one a half second, each with 20 characters. */
  private String print(boolean terminal) {
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    Answer text = new Answer(false, JsonNodeFactory.instance.objectNode());
    try (AnswersFile answers =
            AnswersFile.open(
                folder.resolve("texts.jsonl"),
                IntStream.range(0, REQUESTS)
                    .mapToObj(i -> new BatchRequest(i, "line " + i, "{}"))
                    .toList());
        BatchProgress progress =
            new BatchProgress(
                new Console(out, terminal, new Console.Task("generate", "request", 10, REQUESTS)),
                10,
                REQUESTS,
                nanos::get)) {
      for (int i = 0; i < 10; i++) {
        answers.write(text);
      }
      for (int i = 0; i < 31; i++) {
        nanos.addAndGet(Duration.ofMillis(500).toNanos());
        answers.write(i == 0 ? Answer.rejected("out_of_range", "top_k", "top_k is -1") : text);
        progress.answered(answers, 20);
      }
    }
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void printsALineEveryTenSecondsWithRateAndTimeLeft() {
    assertThat(print(false))
        .isEqualTo(
            """
            continuing after 10 of 100 requests
            request 31/100 40 characters/s, 2.0 requests/s, 0:00:35 left, failed: 1
            """);
  }

  @Test
  void drawsABarOnATerminal() {
    assertThat(print(true))
        .contains("generate", "41/100", "40 characters/s", "failed: 1", "\r\u001b[K")
        .doesNotContain("left");
  }
}
