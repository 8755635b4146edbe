package folio.trainer.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.testing.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that TensorBoard itself reads what is written for it. */
@Tag("slow")
class TensorBoardFileTest {
  private static final Instant BEGINNING = Instant.parse("2026-11-28T08:00:00Z");

  @TempDir Path folder;

  @BeforeEach
  void findTensorBoard() throws InterruptedException {
    Python.assumeModules("tensorboard.backend.event_processing.event_accumulator");
  }

  private TensorBoardFile begin(long step, int seconds) {
    return new TensorBoardFile(folder, step, () -> BEGINNING.plusSeconds(seconds));
  }

  private static void progress(TensorBoardFile file, long step, double loss) {
    file.write("progress", step, Map.of("training_loss_nats", loss, "note", "not a number"));
  }

  private JsonNode read() throws IOException, InterruptedException {
    Python.Result read =
        Python.run(
            Python.script(TensorBoardFileTest.class, "/folio/trainer/report/read_events.py"),
            folder);
    assertThat(read.exitCode()).as(read.output()).isZero();
    String json = read.output().lines().reduce((first, last) -> last).orElseThrow();
    return new JsonMapper().readTree(json);
  }

  private void assertFigures(String expected) throws IOException, InterruptedException {
    assertThat(read().at("/figures/progress~1training_loss_nats")).hasToString(expected);
  }

  @Test
  void hasFiguresByProtocolAndSamples() throws Exception {
    TensorBoardFile file = begin(0, 0);
    file.write("begin", 0, Map.of("settings", Map.of("seed", "1")));
    file.write("evaluation", 20, Map.of("loss_nats", Map.of("carried-64", 1.5, "windows-256", 2)));
    file.write("sample", 20, Map.of("temperature", 0.75, "text", "ä line\n# and *another*"));

    assertThat(read())
        .hasToString(
            "{\"figures\":{\"evaluation/loss_nats/carried-64\":[[20,1.5]],"
                + "\"evaluation/loss_nats/windows-256\":[[20,2.0]],"
                + "\"sample/temperature\":[[20,0.75]]},"
                + "\"texts\":{\"sample\":[[20,\"    ä line\\n    # and *another*\"]]}}");
  }

  /** A run was killed while it wrote, after its state of step 20 was saved. */
  @Test
  void aResumedRunReplacesTheFiguresAfterItsSavedStep() throws Exception {
    TensorBoardFile killed = begin(0, 0);
    progress(killed, 10, 4);
    progress(killed, 20, 3);
    progress(killed, 30, 2.5);
    try (Stream<Path> files = Files.list(folder)) {
      Files.write(files.findFirst().orElseThrow(), new byte[7], StandardOpenOption.APPEND);
    }

    TensorBoardFile resumed = begin(20, 90);
    progress(resumed, 30, 2);
    progress(resumed, 40, 1);

    assertFigures("[[10,4.0],[20,3.0],[30,2.0],[40,1.0]]");
  }

  @Test
  void aNewRunDropsTheFiguresOfAnEarlierOne() throws Exception {
    progress(begin(0, 0), 10, 4);
    progress(begin(0, 90), 5, 3);

    assertFigures("[[5,3.0]]");
  }
}
