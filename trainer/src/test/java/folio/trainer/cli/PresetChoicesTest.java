package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.CheckpointManifest;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the choices of the preset {@code quality}, which depend on the length of the text. */
class PresetChoicesTest extends SmallRunTest {
  private static final long SHORT = 50_000;
  private static final long LONG = 200_000_000;

  private final RecipeTable table = RecipeTable.of("quality").orElseThrow();

  private static double value(Map<String, String> choices, String option) {
    return Double.parseDouble(choices.get(option));
  }

  private CheckpointManifest published() {
    List<String> versions = store().versions();
    return store().manifest(versions.get(versions.size() - 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"output-dropout", "weight-drop", "embedding-dropout"})
  void dropoutFallsWithTheLength(String option) {
    double[] rates =
        LongStream.of(SHORT, 150_000, 500_000, 1_000_000, 3_000_000, 10_000_000, LONG)
            .mapToDouble(length -> value(table.at(length), option))
            .toArray();

    assertThat(rates).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    assertThat(rates[0]).isGreaterThan(rates[rates.length - 1] + 0.1);
  }

  @ParameterizedTest
  @ValueSource(longs = {SHORT, 153_000, 300_000, 777_777, 1_500_000, 5_000_000, 22_498_138, LONG})
  void ratesHaveTwoDecimalPlacesAndStepsTwoDigits(long length) {
    Map<String, String> choices = table.at(length);

    assertThat(choices.remove("layers")).matches("[1-9]");
    assertThat(choices.remove("steps")).matches("[1-9][0-9]?0*");
    assertThat(choices.values()).allMatch(value -> value.matches("[0-9](\\.[0-9]{1,2})?"));
  }

  @Test
  void aRowIsChosenAsItStandsInTheTable() {
    assertThat(table.at(434_000))
        .containsEntry("output-dropout", "0.55")
        .containsEntry("weight-drop", "0.35")
        .containsEntry("steps", "7600");
  }

  @Test
  void valuesLieBetweenThoseOfTheRowsAround() {
    double steps = value(table.at(200_000), "steps");

    assertThat(steps)
        .isGreaterThan(value(table.at(SHORT), "steps"))
        .isLessThan(value(table.at(1_000_000), "steps"));
  }

  @Test
  void beyondItsEndsTheTableIsConstant() {
    assertThat(table.at(1)).isEqualTo(table.at(SHORT));
    assertThat(table.at(Long.MAX_VALUE)).isEqualTo(table.at(LONG));
  }

  @Test
  void theRunUsesWhatItPrints() {
    assertThat(train("--preset=quality")).as(console.errors()).isZero();

    Map<String, String> choices = table.at(trainingLength());
    String line = "chosen for " + String.format("%,d", trainingLength());
    assertThat(console.output()).contains(line).doesNotContain("--steps 1");
    choices.remove("steps"); // the command line names it
    choices.forEach(
        (option, value) -> {
          assertThat(console.output()).contains("--" + option + " " + value);
          assertThat(value(published().settings(), option)).isEqualTo(Double.parseDouble(value));
        });
  }

  @Test
  void theCommandLineOverridesAChoice() {
    assertThat(train("--preset=quality", "--output-dropout=0.07", "--layers=2"))
        .as(console.errors())
        .isZero();

    assertThat(published().settings())
        .containsEntry("output-dropout", "0.07")
        .containsEntry("layers", "2")
        .containsEntry("steps", "40");
    assertThat(console.output()).doesNotContain("--output-dropout", "--layers");
  }

  @Test
  void aCheckpointToBeginWithDecidesTheLayers() {
    assertThat(train("--layers=1")).as(console.errors()).isZero();
    String first = published().version();

    assertThat(train("--preset=quality", "--from=" + first, "--run=" + folder.resolve("second")))
        .as(console.errors())
        .isZero();

    assertThat(console.output()).contains("chosen for").doesNotContain("--layers");
    assertThat(published().settings()).containsEntry("layers", "1");
  }

  @Test
  void aResumedRunKeepsWhatWasChosenOrOverridden() {
    assertThat(train("--preset=quality", "--output-dropout=0.07")).as(console.errors()).isZero();
    Map<String, String> before = published().settings();

    assertThat(
            console.run(
                List.of(
                    "train",
                    "--resume",
                    "--run=" + folder.resolve("run"),
                    "--steps=60",
                    "--device=cpu")))
        .as(console.errors())
        .isZero();

    assertThat(console.output()).contains("done at step 60").doesNotContain("chosen for");
    table
        .at(trainingLength())
        .keySet()
        .forEach(
            option -> {
              if (!option.equals("steps")) {
                assertThat(published().settings()).containsEntry(option, before.get(option));
              }
            });
  }

  @Test
  void otherPresetsChooseNothing() {
    assertThat(train("--preset=quick")).as(console.errors()).isZero();

    assertThat(console.output()).doesNotContain("chosen for");
    assertThat(RecipeTable.of("quick")).isEmpty();
  }

  /** Returns the length of nine tenths of the corpus. */
  private long trainingLength() {
    return 45 * 120 * 9 / 10;
  }
}
