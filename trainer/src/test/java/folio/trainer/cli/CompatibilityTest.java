package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import folio.model.run.RunEvents;
import folio.model.testing.EarlierReleases;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Runs that earlier releases began, and commands written for earlier releases. */
class CompatibilityTest {
  /** The largest accepted difference of a loss, in nats; other processors round differently. */
  private static final double TOLERANCE = 1e-3;

  @TempDir Path folder;

  /** Returns the folders of all recorded runs. */
  @SuppressWarnings("UnusedMethod") // the parameterized tests name it
  private static Stream<Path> runs() {
    return EarlierReleases.folders().stream()
        .flatMap(release -> Stream.of("streams", "random").map(release.resolve("run")::resolve));
  }

  private static JsonNode last(RunEvents events, String event) {
    List<JsonNode> all = events.of(event);
    assertThat(all).as(event).isNotEmpty();
    return all.get(all.size() - 1);
  }

  @ParameterizedTest
  @MethodSource("runs")
  void aStoppedRunResumesAndEndsWithTheRecordedLosses(Path recorded) throws Exception {
    Path run = EarlierReleases.copy(recorded.resolve(RecordedRuns.STOPPED), folder.resolve("run"));
    long stoppedAt = RunEvents.read(run.resolve("metrics.jsonl")).lastStep();

    Process process = RecordedRuns.train(recorded, run).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("resuming after step " + stoppedAt + "\n");
    RunEvents events = RunEvents.read(run.resolve("metrics.jsonl"));
    RunEvents expected =
        RunEvents.read(recorded.resolve(RecordedRuns.FINISHED).resolve("metrics.jsonl"));
    assertThat(last(events, "resume").get("step").asLong()).isEqualTo(stoppedAt);
    JsonNode losses = last(events, "evaluation").get("loss_nats");
    last(expected, "evaluation")
        .get("loss_nats")
        .properties()
        .forEach(
            loss ->
                assertThat(losses.path(loss.getKey()).asDouble(Double.NaN))
                    .as(loss.getKey())
                    .isCloseTo(loss.getValue().asDouble(), within(TOLERANCE)));
    // The events that other programs read are still written, with all of their fields.
    for (String event : List.of("begin", "progress", "evaluation", "published", "sample", "end")) {
      assertThat(last(events, event).properties())
          .extracting(field -> field.getKey())
          .as(event)
          .containsAll(
              last(expected, event).properties().stream().map(field -> field.getKey()).toList());
    }
  }

  @ParameterizedTest
  @MethodSource("runs")
  void theReportShowsTheMetricsOfAFinishedRun(Path recorded) throws IOException {
    Path run = EarlierReleases.copy(recorded.resolve(RecordedRuns.FINISHED), folder.resolve("run"));
    String[] arguments = {"report", run.toString()};
    CommandLine commands = Trainer.commandLine(arguments);
    commands.setOut(new PrintWriter(new StringWriter()));

    assertThat(commands.execute(arguments)).isZero();

    String html = Files.readString(run.resolve("report.html"));
    assertThat(html)
        .contains("corpus.txt", " parameters; 300 steps, the whole run")
        .contains("<td>hidden-size<td>8", "Memorised text", "Predictions on the validation text")
        .contains("<summary>after 300 steps");
    assertThat(html.split("<svg", -1)).as("losses, rate, norm, speed").hasSize(5);
    JsonNode losses =
        last(RunEvents.read(run.resolve("metrics.jsonl")), "evaluation").get("loss_nats");
    assertThat(losses).isNotEmpty();
    losses.forEach(
        loss -> assertThat(html).contains(String.format(Locale.ROOT, "<td>%.4f", loss.asDouble())));
  }

  @ParameterizedTest
  @MethodSource("folio.model.testing.EarlierReleases#folders")
  void everyOptionStillExists(Path release) throws IOException {
    assertThat(RecordedRuns.options())
        .containsAll(Files.readAllLines(release.resolve("run").resolve(RecordedRuns.OPTIONS)));
  }
}
