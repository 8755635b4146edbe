package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointStore;
import folio.model.network.CharGruConfig;
import folio.model.testing.Python;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@code evaluate --dynamic} and {@code adapt} with small networks. */
class DynamicEvaluationTest {
  private static final Vocabulary LETTERS = TestCheckpoints.LETTERS;
  private static final List<String> WORDS = List.of("the ", "king ", "is ", "dead", ",\n", "O, ");
  private static final int CHARACTERS = 6000;
  private static final Pattern LOSS =
      Pattern.compile("(?m)^((?:test )?[a-z]+-?\\d*) +([\\d.]+) nats");
  private static final Pattern COMPARED =
      Pattern.compile(
          "(?m)^compared +([\\d.]+) nats with rate ([\\d.]+), decay ([\\d.]+), on the first \\S+"
              + " characters of the validation part$");

  private final TrainerConsole console = new TrainerConsole();

  @TempDir Path folder;
  private Path text;

  @BeforeEach
  void writeText() throws IOException {
    SplittableRandom random = new SplittableRandom(3);
    StringBuilder words = new StringBuilder();
    while (words.length() < CHARACTERS) {
      words.append(WORDS.get(random.nextInt(WORDS.size())));
    }
    text = Files.writeString(folder.resolve("text.txt"), words.substring(0, CHARACTERS));
  }

  @AfterEach
  void close() {
    console.close();
  }

  private CheckpointStore store() {
    return new CheckpointStore(folder.resolve("checkpoints"));
  }

  private int run(String command, String version, String... more) {
    List<String> words = new ArrayList<>(List.of(command, version));
    words.add("--checkpoints=" + folder.resolve("checkpoints"));
    words.add("--corpus=" + text);
    words.add("--device=cpu");
    words.addAll(List.of(more));
    return console.run(words);
  }

  /** Returns the losses that were printed, by protocol. */
  private static Map<String, Double> losses(String output) {
    Map<String, Double> losses = new TreeMap<>();
    Matcher line = LOSS.matcher(output);
    while (line.find()) {
      losses.put(line.group(1), Double.parseDouble(line.group(2)));
    }
    return losses;
  }

  private Map<String, Double> evaluate(String version, String... more) {
    assertThat(run("evaluate", version, more)).as(console.errors()).isZero();
    return losses(console.output());
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual"})
  void lossesAreThoseOfPyTorch(String network) throws Exception {
    Python.assumeModules("torch", "numpy");
    CharGruConfig config =
        network.equals("plain")
            ? CharGruConfig.plain(LETTERS.size(), 24, 2)
            : CharGruConfig.residual(LETTERS.size(), 12, 24, 3);
    String version = TestCheckpoints.publish(store(), LETTERS, config, 5);

    Map<String, Double> folio =
        evaluate(version, "--split=60,20,20", "--dynamic", "--rate=0.01", "--decay=0.01");
    Python.Result result =
        Python.run(
            Path.of("benchmark", "evaluate.py"),
            folder.resolve("checkpoints").resolve(version),
            text,
            "--split=60,20,20",
            "--dynamic=0.01,0.01");

    assertThat(result.exitCode()).as(result.output()).isZero();
    Map<String, Double> torch = losses(result.output());
    assertThat(torch).hasSize(4);
    torch.forEach(
        (protocol, loss) ->
            assertThat(folio.get("test " + protocol)).as(protocol).isCloseTo(loss, within(2e-4)));
    assertThat(torch.get("dynamic")).isLessThan(torch.get("carried-1") - 0.01);
  }

  /** The rate is a fall of the loss, so it does not depend on the number of weights. */
  @ParameterizedTest
  @CsvSource({"8, 1", "32, 2", "256, 3"})
  void oneRateSuitsNetworksOfAllSizes(int hidden, int layers) {
    CharGruConfig config = CharGruConfig.residual(LETTERS.size(), hidden, hidden, layers);
    String version = TestCheckpoints.publish(store(), LETTERS, config, 5);

    Map<String, Double> losses = evaluate(version, "--dynamic", "--rate=0.01", "--decay=0.001");

    assertThat(losses.get("dynamic")).isLessThan(losses.get("carried-1") - 0.05);
  }

  @Test
  void rateAndDecayAreChosenOnTheValidationPartAndScoredOnTheTestPart() {
    String version = TestCheckpoints.publish(store(), 5);

    Map<String, Double> losses = evaluate(version, "--split=60,20,20", "--dynamic");

    assertThat(losses.get("test dynamic")).isLessThan(losses.get("test carried-1"));
    List<double[]> compared = new ArrayList<>();
    Matcher line = COMPARED.matcher(console.output());
    while (line.find()) {
      compared.add(
          IntStream.rangeClosed(1, 3)
              .mapToDouble(i -> Double.parseDouble(line.group(i)))
              .toArray());
    }
    assertThat(compared).hasSize(6);
    double lowest = compared.stream().mapToDouble(each -> each[0]).min().orElseThrow();
    assertThat(compared)
        .filteredOn(each -> each[0] == lowest)
        .extracting(each -> "rate " + each[1] + ", decay " + each[2])
        .anyMatch(
            speed ->
                console
                    .output()
                    .contains(speed + "; rate and decay chosen on the validation part"));
  }

  @Test
  void rateAndDecayAreChosenOnTheHeldOutPartIfThereIsNoTestPart() {
    String run = "--run=" + folder.resolve("run");
    List<String> small = List.of("--hidden-size=16", "--layers=1", "--steps=20", "--holdout=0.2");
    assertThat(run("train", run, small.toArray(String[]::new))).as(console.errors()).isZero();
    String version = store().versions().get(0);

    Map<String, Double> losses = evaluate(version, "--dynamic");

    assertThat(losses.get("dynamic")).isLessThan(losses.get("carried-1"));
    assertThat(console.output())
        .contains("; rate and decay chosen on the held-out part")
        .contains("on a sample of the held-out part");
  }

  @Test
  void defaultsCountIfNoPartIsLeft() {
    String version = TestCheckpoints.publish(store(), 5);

    Map<String, Double> losses = evaluate(version, "--dynamic");

    assertThat(losses.get("dynamic")).isLessThan(losses.get("carried-1"));
    assertThat(console.output())
        .contains("no part is left to choose rate and decay on, so the default is used");
  }

  @Test
  void onlyTheMissingNumberIsChosen() {
    String version = TestCheckpoints.publish(store(), 5);

    evaluate(version, "--split=60,20,20", "--dynamic", "--rate=0.005");

    assertThat(console.output())
        .contains("nats with rate 0.005, decay 0.03, on the first")
        .containsPattern("rate 0.005, decay \\S+; decay chosen on the validation part");
  }

  @Test
  void aStaticReaderHasTheLossOfTheSameOrder() {
    String version = TestCheckpoints.publish(store(), 5);

    Map<String, Double> losses = evaluate(version, "--dynamic", "--rate=0", "--decay=0");

    assertThat(losses.get("dynamic")).isCloseTo(losses.get("carried-1"), within(1e-4));
    assertThat(losses.get("carried-1")).isCloseTo(losses.get("carried-64"), within(0.2));
  }

  @ParameterizedTest
  @CsvSource({
    "evaluate, --rate=2, '--rate is 2; it must be 0 to 1'",
    "evaluate, --decay=-1, '--decay is -1; it must be 0 to 1'",
    "adapt, --rate=2, '--rate is 2; it must be 0 to 1'",
    "evaluate, --rate=0.1, '--rate and --decay belong to --dynamic, which is missing'"
  })
  void illegalOptionsAreNamed(String command, String option, String message) {
    String version = TestCheckpoints.publish(store(), 5);

    assertThat(run(command, version, option)).isEqualTo(2);
    assertThat(console.errors()).contains(message);
  }

  @Test
  void adaptPublishesACheckpointThatHasLearnedFromTheText() throws IOException {
    String version = TestCheckpoints.publishCurrent(store(), 5);
    double before = evaluate(version).get("windows-256");

    assertThat(run("adapt", "current", "--corpus-licence=CC0")).as(console.errors()).isZero();

    String adapted = console.output().lines().reduce((first, last) -> last).orElseThrow();
    CheckpointManifest manifest = store().manifest(adapted);
    assertThat(manifest.parent()).isEqualTo(version);
    assertThat(manifest.losses()).isNull();
    assertThat(manifest.settings())
        .containsEntry("adapted-to", "text.txt")
        .containsEntry("adapted-to-licence", "CC0")
        .containsKeys("adapted-to-sha256", "adapted-rate", "adapted-decay");
    assertThat(store().current()).contains(version);
    assertThat(evaluate(adapted).get("windows-256")).isLessThan(before - 0.1);
  }

  @Test
  void adaptRefusesATextThatItCannotRead() throws IOException {
    String version = TestCheckpoints.publish(store(), 5);

    Files.writeString(text, "the king of Köln");
    assertThat(run("adapt", version)).isEqualTo(1);
    assertThat(console.errors()).contains("text.txt").contains("ö").contains("13");
    Files.writeString(text, "k");
    assertThat(run("adapt", version)).isEqualTo(1);
    assertThat(console.errors()).contains("text.txt").contains("at least two characters");

    assertThat(store().versions()).containsExactly(version);
  }
}
