package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.run.RunEvents;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints whose logits are divided by a temperature, at the end of a run and by hand. */
class CalibratedRunsTest extends SmallRunTest {
  /** After 40 steps, a network is not sure enough. */
  @Test
  void publishesTheSelectedNetworkAtTheTemperatureOfTheLowestLoss() throws IOException {
    assertThat(train("--calibrate=true", "--keep=9")).as(console.errors()).isZero();
    assertThat(console.output())
        .containsPattern("step 40, logits divided by 0\\.\\d\\d, carried-64 ");
    List<CheckpointManifest> manifests =
        store().versions().stream().map(store()::manifest).toList();
    assertThat(manifests).extracting(CheckpointManifest::step).doesNotHaveDuplicates();
    CheckpointManifest calibrated = manifests.get(manifests.size() - 1);
    assertThat(store().current()).contains(calibrated.version());
    double temperature = Double.parseDouble(calibrated.settings().get("calibrated-temperature"));
    assertThat(temperature).isBetween(0.67, 0.99);

    assertThat(withStore("evaluate", "current", "--corpus=" + corpus)).isZero();
    Matcher measured = Pattern.compile("windows-256 +(\\d\\.\\d+)").matcher(console.output());
    assertThat(measured.find()).isTrue();
    double loss = Double.parseDouble(measured.group(1));
    assertThat(calibrated.losses().of("windows-256")).isCloseTo(loss, within(1e-4));

    RunEvents events = RunEvents.read(folder.resolve("run").resolve("metrics.jsonl"));
    assertThat(events.last("evaluation").path("loss_nats").path("windows-256").asDouble())
        .as("the loss before")
        .isGreaterThan(loss + 0.01);
    assertThat(
            events.last("calibrated").path("validation_loss_nats").path("windows-256").asDouble())
        .isCloseTo(loss, within(1e-4));
  }

  @Test
  void dividesTheLogitsOfARunOnce() {
    assertThat(train("--calibrate=true", "--keep=1")).as(console.errors()).isZero();
    List<String> versions = store().versions();
    assertThat(versions).hasSize(1);
    assertThat(console.output()).contains("before the logits were divided");

    assertThat(train("--calibrate=true", "--keep=1", "--resume")).as(console.errors()).isZero();
    assertThat(console.output()).doesNotContain("logits divided by");
    assertThat(store().versions()).isEqualTo(versions);
    assertThat(folder.resolve("run").resolve("report.html"))
        .content()
        .containsPattern(
            "selected network of step 40 with its logits divided by 0\\.\\d\\d: windows");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --publish=last           | with --publish last and without --holdout, no part may decide
          --tied=true              | the output layer is the embedding
          --split=97,3             | the part that decides has fewer than 256 characters
          """)
  void saysWhyItLeavesANetworkAsItIs(String option, String reason) {
    assertThat(train("--calibrate=true", "--embedding-size=16", option))
        .as(console.errors())
        .isZero();
    assertThat(console.output()).contains("not calibrated: " + reason);
    assertThat(store().manifest(store().current().orElseThrow()).settings())
        .doesNotContainKey("calibrated-temperature");
  }

  @Test
  void aHeldOutPartDecidesForTheLastNetwork() {
    assertThat(train("--calibrate=true", "--publish=last", "--holdout=0.2"))
        .as(console.errors())
        .isZero();
    assertThat(console.output())
        .containsPattern("step 40, logits divided by 0\\.\\d\\d, held-out-carried-64 ");
  }

  @Test
  void publishesACheckpointAgainAtAnotherTemperature() {
    assertThat(train()).as(console.errors()).isZero();
    String trained = store().current().orElseThrow();
    assertThat(
            withStore("publish", "current", "--temperature=0.9", "--measure", "--corpus=" + corpus))
        .as(console.errors())
        .isZero();
    CheckpointManifest surer = store().manifest(console.output().strip());
    assertThat(surer.settings()).containsEntry("calibrated-temperature", "0.9000");
    assertThat(surer.losses().of("windows-256"))
        .isLessThan(store().manifest(trained).losses().of("windows-256") - 0.01);

    assertThat(withStore("publish", "current", "--temperature=0")).isEqualTo(2);
    assertThat(console.errors()).contains("--temperature is 0; it must be 0.1 to 10");
  }
}
