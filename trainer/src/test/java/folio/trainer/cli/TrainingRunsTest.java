package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.testing.TestCheckpoints;
import folio.trainer.run.SmallRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs that begin, end, are resumed and are served: their lengths, folders and messages. */
class TrainingRunsTest extends SmallRunTest {
  private int run(List<String> args) {
    return console.run(args);
  }

  private String output() {
    return console.output();
  }

  @Test
  void refusesAFolderThatHoldsAFinishedRunAndNamesBothWaysOn() {
    assertThat(train()).as(console.errors()).isZero();
    assertThat(train()).isEqualTo(1);
    assertThat(console.errors())
        .contains(
            folder.resolve("run") + " holds a finished run on corpus.txt of 40 steps",
            "add --resume and a larger --steps to lengthen it, or name another folder with --run");
    assertThat(folder.resolve("run").resolve("report.html")).exists();
  }

  @Test
  void refusesToResumeARunWithoutItsState() throws IOException {
    assertThat(train("--resume")).isEqualTo(1);
    assertThat(console.errors())
        .contains("holds no run to resume (there is no state.safetensors)", "leave --resume out");
    assertThat(train("--resume-if-saved")).as(console.errors()).isZero();

    Files.delete(folder.resolve("run").resolve("state.safetensors"));
    assertThat(train("--resume-if-saved")).isEqualTo(1);
    assertThat(console.errors()).contains("holds the metrics of a run, but not its state");
    assertThat(train()).isEqualTo(1);
    assertThat(console.errors()).contains("holds the metrics of a run, but not its state");
  }

  @Test
  void lengthensAFinishedRunWithOtherOptions() {
    assertThat(train()).as(console.errors()).isZero();
    assertThat(train("--resume", "--steps=60", "--learning-rate=0.001", "--batch=4"))
        .as(console.errors())
        .isZero();
    assertThat(output())
        .contains(
            "resuming after step 40",
            "--steps is 60 from now on; it was 40",
            "--learning-rate is 0.001 from now on; it was 0.008",
            "--batch is 4 from now on; it was 8",
            "20 steps of 64 characters",
            "done at step 60")
        .doesNotContain("--evaluate-every is", "--warmup-steps is");
    List<String> versions = store().versions();
    CheckpointManifest last = store().manifest(versions.get(versions.size() - 1));
    assertThat(last.step()).isEqualTo(60);
    assertThat(last.settings()).containsEntry("learning-rate", "0.001").containsEntry("batch", "4");
  }

  /** Of a run that was started with a store and a policy of its own, only the folder is named. */
  @Test
  void aResumedRunKeepsItsStoreAndItsPolicy() {
    TestCheckpoints.publishCurrent(store(), 1);
    assertThat(train("--promote=always", "--keep=2")).as(console.errors()).isZero();

    String run = "--run=" + folder.resolve("run");
    assertThat(run(List.of("train", "--resume", run, "--steps=80", "--device=cpu")))
        .as(console.errors())
        .isZero();

    List<String> versions = store().versions();
    CheckpointManifest last = store().manifest(versions.get(versions.size() - 1));
    assertThat(last.step()).isEqualTo(80);
    assertThat(store().current()).contains(last.version());
    assertThat(versions).as("the first one and two of the run").hasSize(3);
  }

  /** Only the folder is named: the corpus and all options are those of the run. */
  @Test
  void aResumedRunKeepsItsOptions() {
    assertThat(train("--learning-rate=0.003", "--seed=5")).as(console.errors()).isZero();
    String checkpoints = "--checkpoints=" + folder.resolve("checkpoints");
    assertThat(
            run(
                List.of(
                    "train",
                    "--resume",
                    "--run=" + folder.resolve("run"),
                    "--steps=50",
                    "--device=cpu",
                    checkpoints)))
        .as(console.errors())
        .isZero();
    assertThat(output()).contains("done at step 50").doesNotContain("--learning-rate is");
  }

  @ParameterizedTest
  @CsvSource({"--hidden-size, 17, 16", "--seed, 3, 1", "--split, '80,10,10', '90,10'"})
  void namesAnOptionThatMustNotChange(String option, String now, String then) {
    assertThat(train()).as(console.errors()).isZero();
    assertThat(train("--resume", "--steps=60", option + "=" + now)).isEqualTo(1);
    assertThat(console.errors())
        .contains(
            option + " is " + now + ", but was " + then + " when the run in ",
            "; resume with the same " + option);
  }

  @Test
  void namesTheCorpusOfARunNotItsDigest() throws IOException {
    assertThat(train()).as(console.errors()).isZero();
    Path other = Files.writeString(folder.resolve("other.txt"), "another text\n".repeat(400));
    assertThat(train("--resume", "--steps=60", "--corpus=" + other)).isEqualTo(1);
    assertThat(console.errors())
        .contains("--corpus is " + other + " (5200 characters", "but was corpus.txt when the run");
  }

  @Test
  void namesAFolderByPresetAndCorpus() {
    assertThat(Presets.runFolder("quick", List.of("tinyshakespeare")))
        .isEqualTo(Path.of("runs", "quick-tinyshakespeare"));
    assertThat(Presets.runFolder("quick", List.of("/data/War and Peace.txt.gz", "b.txt")))
        .isEqualTo(Path.of("runs", "quick-War-and-Peace-and-1-more"));
    assertThat(Presets.runFolder("quality", List.of("https://host/a/poems.html?x=1")))
        .isEqualTo(Path.of("runs", "quality-poems"));
    assertThat(Presets.runFolder("quick", List.of("src/**/*.c")))
        .isEqualTo(Path.of("runs", "quick-c"));
    assertThat(Presets.runFolder("quick", List.of(".."))).isEqualTo(Path.of("runs", "quick-text"));
    assertThat(Presets.runFolder("quick", List.of("-"))).isEqualTo(Path.of("runs", "quick-text"));
  }

  @Test
  void saysHowLongTheRunWillTake() {
    assertThat(train("--steps=38")).as(console.errors()).isZero();
    assertThat(output())
        .containsPattern(
            "length     38 steps of 128 characters: 4,864 characters, 1\\.00 epochs, about"
                + " 0:00:\\d\\d on this machine");
  }

  @Test
  void countsItsLengthInEpochs() {
    List<String> args = withoutSteps("--epochs=0.5");
    assertThat(run(args)).as(console.errors()).isZero();
    assertThat(output()).contains("length     19 steps of 128 characters", "done at step 19");
  }

  private List<String> withoutSteps(String... more) {
    List<String> args =
        new ArrayList<>(
            SmallRun.arguments(
                corpus, folder.resolve("checkpoints").toString(), folder.resolve("run")));
    args.remove("--steps=40");
    args.addAll(List.of(more));
    return args;
  }

  @Test
  void keepsTheStepsThatItsMinutesWereMeasuredAs() {
    assertThat(run(withoutSteps("--minutes=0.01"))).as(console.errors()).isZero();
    Matcher steps = Pattern.compile("done at step (\\d+)").matcher(output());
    assertThat(steps.find()).as(output()).isTrue();

    assertThat(run(withoutSteps("--minutes=0.01", "--resume"))).as(console.errors()).isZero();
    assertThat(output())
        .contains("done at step " + steps.group(1))
        .doesNotContain("--steps is")
        .doesNotContain("--minutes is");
  }

  /** A shell replaces a pattern without quotes by several names. */
  @Test
  void saysHowToNameSeveralTexts() {
    assertThat(train("another.txt")).isEqualTo(2);
    assertThat(console.errors())
        .contains("another.txt belongs to no option; to train on several texts, repeat --corpus");
    assertThat(train("--split=50,40")).isEqualTo(2);
    assertThat(console.errors()).contains("'--split': 50,40; the percentages for training");
  }

  @Test
  void takesOnlyOneLength() {
    assertThat(train("--epochs=2")).isEqualTo(2);
    assertThat(console.errors())
        .contains("--steps and --epochs are given; the length of a run needs only one of them");
    assertThat(run(withoutSteps("--minutes=0"))).isEqualTo(2);
    assertThat(console.errors()).contains("--minutes is 0; it must be 0.01 to 1000000");
  }

  @ParameterizedTest
  @CsvSource({"200, 32, 64", "90, 16, 64", "3, 1, 34"})
  void aPresetFitsAShortText(int lines, int batch, int length) throws IOException {
    Files.writeString(corpus, "a short line\n".repeat(lines));
    List<String> args =
        List.of(
            "train",
            "--corpus=" + corpus,
            "--checkpoints=" + folder.resolve("checkpoints"),
            "--run=" + folder.resolve("run"),
            "--hidden-size=8",
            "--steps=4",
            "--device=cpu");
    assertThat(run(args)).as(console.errors()).isZero();
    assertThat(output())
        .contains(String.format("length     4 steps of %,d characters: ", batch * length));
    assertThat(output().contains("--batch is " + batch + " and --length " + length + " instead"))
        .isEqualTo(batch < 32);
  }

  @Test
  void endsARunWithoutImprovements() {
    assertThat(train("--steps=4000", "--learning-rate=3", "--evaluate-every=5", "--patience=2"))
        .as(console.errors())
        .isZero();
    Matcher stopped =
        Pattern.compile("stopping after step (\\d+): 2 evaluations brought no improvement")
            .matcher(output());
    assertThat(stopped.find()).as(output()).isTrue();
    assertThat(Integer.parseInt(stopped.group(1))).isLessThan(4000);
    assertThat(output()).contains("report     ");
    assertThat(train("--publish=last", "--patience=2", "--run=" + folder.resolve("other")))
        .isEqualTo(2);
    assertThat(console.errors()).contains("--patience is 2, but with --publish last");
  }

  @Test
  void theFirstCheckpointOfAStoreIsServedAndTheRunSaysSoAtItsStart() {
    assertThat(train()).as(console.errors()).isZero();
    assertThat(output())
        .contains(
            "serving    the first checkpoint becomes CURRENT, because "
                + folder.resolve("checkpoints")
                + " has none")
        .containsPattern("published \\S+, now CURRENT \\(there was no CURRENT\\)");
    assertThat(store().current()).isPresent();
  }

  @Test
  void saysAtItsStartThatAnotherTextIsServedAndHowToServeThisOne() throws IOException {
    String served = TestCheckpoints.publishCurrent(store(), 1);
    assertThat(train()).as(console.errors()).isZero();
    assertThat(output())
        .contains(
            "warning: no checkpoint of this run becomes CURRENT: that is " + served,
            "; with --promote always this run's are served")
        .containsPattern(
            "published (\\S+), not promoted \\(.*\\); to serve it: ./folio checkpoints promote \\1"
                + " --checkpoints "
                + Pattern.quote(folder.resolve("checkpoints").toString()));
    assertThat(store().current()).contains(served);
  }

  @Test
  void scoresTheTestPartOnceAtTheEnd() throws IOException {
    assertThat(train("--split=80,10,10", "--keep=9")).as(console.errors()).isZero();
    assertThat(output()).contains("540 for validation, 540 for the test");
    assertThat(output().lines().filter(line -> line.contains("the test part"))).hasSize(1);
    assertThat(Files.readString(folder.resolve("run").resolve("report.html")))
        .containsPattern("<td>validation, selected network of step \\d+: carried-64<td>")
        .containsPattern("<td>test, selected network of step \\d+: windows-256<td>");

    List<CheckpointManifest> manifests =
        store().versions().stream().map(store()::manifest).toList();
    CheckpointManifest last = manifests.get(manifests.size() - 1);
    assertThat(last.losses().test()).containsOnlyKeys("carried-64", "windows-256");
    assertThat(manifests.stream().filter(each -> each.losses().test() != null)).hasSize(1);
    assertThat(manifests).extracting(CheckpointManifest::step).doesNotHaveDuplicates();
    assertThat(store().current()).contains(last.version());
  }

  /** The validation part has 80 windows; an evaluation reads 64. */
  @Test
  void measuresTheWholeValidationPartOfTheSelectedNetworkAtTheEnd() throws IOException {
    Files.writeString(corpus, "the quick brown fox jumps over the lazy dog.\n".repeat(4600));
    assertThat(train("--keep=9")).as(console.errors()).isZero();
    assertThat(output()).contains("windows-256-sample-64 ", "the whole validation part");

    List<CheckpointManifest> manifests =
        store().versions().stream().map(store()::manifest).toList();
    CheckpointManifest last = manifests.get(manifests.size() - 1);
    assertThat(last.losses().validation())
        .containsOnlyKeys("windows-256-sample-64", "carried-64", "windows-256");
    assertThat(manifests).extracting(CheckpointManifest::step).doesNotHaveDuplicates();
    assertThat(store().current()).contains(last.version());

    assertThat(train("--keep=9", "--resume")).as(console.errors()).isZero();
    assertThat(output()).doesNotContain("the whole validation part");
  }

  @Test
  void beginsWithTheWeightsOfACheckpointOfAnotherText() throws IOException {
    assertThat(train("--steps=120")).as(console.errors()).isZero();
    String parent = store().current().orElseThrow();
    Path second = folder.resolve("second.txt");
    Files.writeString(second, "the lazy fox quickly jumps over a brown d\u00f6g!\n".repeat(120));

    assertThat(train("--corpus=" + second, "--run=" + folder.resolve("anew"), "--promote=always"))
        .as(console.errors())
        .isZero();
    CheckpointManifest anew = store().manifest(store().current().orElseThrow());
    assertThat(
            train(
                "--corpus=" + second,
                "--run=" + folder.resolve("from"),
                "--promote=always",
                "--keep=1",
                "--from=" + parent))
        .as(console.errors())
        .isZero();
    assertThat(output())
        .contains(
            "starting from "
                + parent
                + ": its 29 characters keep their weights, 2 new ones are initialised, and the"
                + " optimizer starts anew");
    CheckpointManifest from = store().manifest(store().current().orElseThrow());
    assertThat(from.losses().of("windows-256")).isLessThan(anew.losses().of("windows-256"));
    assertThat(store().open(from.version()).vocabulary().size()).isEqualTo(31);

    assertThat(
            train(
                "--resume", "--run=" + folder.resolve("from"), "--steps=60", "--corpus=" + second))
        .as(console.errors())
        .isZero();
    assertThat(output()).contains("resuming after step 40").doesNotContain("starting from");
  }

  @Test
  void theFirstCheckpointOfARunNamesItsParent() {
    assertThat(train("--from=embedded", "--steps=20")).as(console.errors()).isEqualTo(2);
    assertThat(console.errors())
        .contains(
            "--hidden-size is 16, but the checkpoint of --from has", "leave --hidden-size out");

    String parent = TestCheckpoints.publish(store(), 1);
    List<String> args = new ArrayList<>(withoutSteps("--steps=20", "--from=" + parent));
    args.removeIf(each -> each.startsWith("--hidden-size") || each.startsWith("--embedding-size"));
    assertThat(run(args)).as(console.errors()).isZero();
    CheckpointManifest first = store().manifest(store().versions().get(1));
    assertThat(first.parent()).isEqualTo(parent);
    assertThat(first.settings()).containsEntry("hidden-size", hiddenSize(parent));
  }

  private String hiddenSize(String version) {
    return String.valueOf(store().open(version).config().hiddenSize());
  }
}
