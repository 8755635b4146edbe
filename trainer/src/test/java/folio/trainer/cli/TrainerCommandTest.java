package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointStore;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import folio.model.testing.LauncherHelp;
import folio.model.testing.TestCheckpoints;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusRequest;
import folio.trainer.corpus.CorpusSource;
import folio.trainer.corpus.ReadProgress;
import folio.trainer.run.SmallRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The commands and their error messages. */
class TrainerCommandTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path corpus;

  @BeforeEach
  void writeCorpus() throws IOException {
    corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, "the quick brown fox jumps over the lazy dog.\n".repeat(120));
  }

  private int run(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    CommandLine commands = Trainer.commandLine(args);
    commands.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return commands.execute(args);
  }

  private int train(String... more) {
    List<String> args =
        SmallRun.arguments(corpus, folder.resolve("checkpoints").toString(), folder.resolve("run"));
    args.addAll(List.of(more));
    return run(args.toArray(String[]::new));
  }

  private void assertOneLine(int exit, String... words) {
    assertThat(err.toString()).startsWith("folio: ").contains(words).doesNotContain("\tat ");
    List<String> lines = err.toString().lines().toList();
    assertThat(lines).hasSize(exit == 2 ? 2 : 1);
  }

  @Test
  void writesASelfContainedReport() throws IOException {
    Files.writeString(corpus, "a <b>bold</b> \"fox\" & a dog.\n".repeat(180));
    assertThat(train()).as(err.toString()).isZero();

    Path report = folder.resolve("run").resolve("report.html");
    String html = Files.readString(report);
    assertThat(html)
        .contains("40 steps, the whole run", "windows-256", "carried-64", "Memorised text")
        .contains("<summary>after 40 steps", "<td>hidden-size<td>16")
        .doesNotContain("<b>", "src=", "href=", "http");
    assertThat(html.split("<svg", -1)).as("losses, rate, norm, speed").hasSize(5);
    assertThat(html.split("<span style", -1)).hasSizeGreaterThan(400);
    for (String metric : List.of("prediction", "memorised")) {
      assertThat(Files.readString(folder.resolve("run").resolve("metrics.jsonl"))).contains(metric);
    }

    Files.delete(report);
    assertThat(run("report", folder.resolve("run").toString())).as(err.toString()).isZero();
    assertThat(report).hasContent(html);
    assertThat(run("report", folder.toString())).isEqualTo(2);
    assertOneLine(2, "there is no ", "metrics.jsonl");
    assertThat(train("--metrics-port=70000")).isEqualTo(2);
    assertOneLine(2, "--metrics-port is 70000; it must be -1 (none) to 65535");
  }

  @Test
  void trainsPublishesAndPromotes() throws IOException {
    assertThat(train("--promote=always")).as(err.toString()).isZero();

    CheckpointStore store = new CheckpointStore(folder.resolve("checkpoints"));
    assertThat(store.current()).isPresent();
    assertThat(store.open(store.current().get()).manifest().step()).isEqualTo(40);
    String metrics = Files.readString(folder.resolve("run").resolve("metrics.jsonl"));
    assertThat(metrics.lines())
        .anyMatch(line -> line.contains("\"evaluation\"") && line.contains("carried-64"))
        .anyMatch(line -> line.contains("\"progress\"") && line.contains("gradient_norm"))
        .anyMatch(line -> line.contains("\"published\""))
        .anyMatch(line -> line.contains("\"sample\""));

    String checkpoints = "--checkpoints=" + folder.resolve("checkpoints");
    assertThat(run("evaluate", "--corpus=" + corpus, checkpoints)).isZero();
    assertThat(out.toString())
        .contains("carried-64", "windows-256", "bits per character")
        .containsPattern(
            "of 540 generated characters, the longest run that is also in the training text has"
                + " \\d+: ")
        // The corpus repeats one line, so its beginning contains all of its end.
        .contains("of as many validation characters, which the network never saw, 540.");
    assertThat(run("sample", checkpoints, "--max-tokens=30", "--prompt=the ", "--seed=1")).isZero();
    String sample = out.toString();
    assertThat(sample).startsWith("the ").hasSize(4 + 30 + 1);
    assertThat(run("sample", checkpoints, "--max-tokens=30", "--prompt=the ", "--seed=1")).isZero();
    assertThat(out.toString()).isEqualTo(sample);
  }

  @ParameterizedTest
  @CsvSource({"the quick brown fox!, ' '", "thequickbrownfox, b"})
  void samplesFromTheDefaultPromptOfAVocabularyWithoutALineBreak(String line, String prompt)
      throws IOException {
    Files.writeString(corpus, line.repeat(300));
    assertThat(train("--promote=always")).as(err.toString()).isZero();
    String checkpoints = "--checkpoints=" + folder.resolve("checkpoints");

    assertThat(run("sample", checkpoints, "--max-tokens=30", "--seed=1"))
        .as(err.toString())
        .isZero();
    String sample = out.toString();
    assertThat(sample).hasSize(30 + 1);
    assertThat(run("sample", checkpoints, "--max-tokens=30", "--seed=1", "--prompt=" + prompt))
        .isZero();
    assertThat(out.toString()).isEqualTo(prompt + sample);
  }

  @Test
  void measuresTheHeldOutEndOfTheTrainingTextToChooseCheckpoints() throws IOException {
    assertThat(train("--holdout=0.1", "--promote=never")).as(err.toString()).isZero();

    CheckpointStore store = new CheckpointStore(folder.resolve("checkpoints"));
    assertThat(store.versions()).isNotEmpty();
    assertThat(store.manifest(store.versions().get(0)).losses().validation())
        .containsOnlyKeys(
            "held-out-carried-64", "held-out-windows-256", "carried-64", "windows-256");
    assertThat(Files.readString(folder.resolve("run").resolve("metrics.jsonl")))
        .contains("held-out-windows-256");
  }

  @Test
  void dividesTheTextOfTheRunAsTheRunDid() throws IOException {
    assertThat(train("--fraction=0.5", "--holdout=0.1")).as(err.toString()).isZero();

    CheckpointStore store = new CheckpointStore(folder.resolve("checkpoints"));
    Checkpoint checkpoint = store.open(store.versions().get(0));
    CorpusSource texts = new CorpusSource(folder, false, note -> {}, ReadProgress.NONE);
    CorpusRequest request = CorpusRequest.of(corpus.toString());
    Corpus.Split sameText = EvaluateCommand.parts(checkpoint, texts.open(request), null);
    // Nine tenths of half of nine tenths of 5,400.
    assertThat(sameText.training().length()).isEqualTo(2187);
    assertThat(sameText.validation().length()).isEqualTo(540);
    Files.writeString(corpus, "the quick brown fox jumps over the lazy dog.\n".repeat(240));
    Corpus.Split otherText = EvaluateCommand.parts(checkpoint, texts.open(request), null);
    assertThat(otherText.training().length()).isEqualTo(9720);
  }

  @Test
  void publishesOnlyTheLastNetworkAndEvaluatesItOnce() throws IOException {
    assertThat(train("--publish=last", "--promote=never")).as(err.toString()).isZero();

    CheckpointStore store = new CheckpointStore(folder.resolve("checkpoints"));
    assertThat(store.versions()).hasSize(1);
    assertThat(store.manifest(store.versions().get(0)).step()).isEqualTo(40);
    String metrics = Files.readString(folder.resolve("run").resolve("metrics.jsonl"));
    assertThat(metrics.lines().filter(line -> line.contains("windows-256"))).hasSize(1);
  }

  @Test
  void measuresTrainingSteps() {
    int exit =
        run(
            "train-benchmark",
            "--corpus=" + corpus,
            "--sizes=1x16@4x8,2x8@2x4",
            "--seconds=0.1",
            "--precision=float32",
            "--no-baseline",
            "--device=cpu");

    assertThat(exit).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("| network | batch | Folio float32, ms/step | characters/s |")
        .containsPattern("\\| 1 × 16 \\| 4 × 8 \\| \\d+\\.\\d\\d \\| [\\d,]+ \\|\n")
        .containsPattern("\\| 1 × 16 \\| 4 × 8 \\|( \\d+\\.\\d\\d \\|){5}")
        .containsPattern("\\| 2 × 8 \\| 2 × 4 \\|( \\d+\\.\\d\\d \\|){5}");
    assertThat(run("train-benchmark", "--no-peer", "--sizes=3x512@16", "--device=cpu"))
        .isEqualTo(2);
    assertOneLine(2, "--sizes: 3x512@16 is not of the form LAYERSxHIDDEN@ROWSxCHARACTERS");
    assertThat(run("train-benchmark", "--corpus=" + corpus, "--precision=float16", "--device=cpu"))
        .isEqualTo(2);
    assertOneLine(2, "--precision is float16, which needs a GPU");
    assertThat(run("train-benchmark", "--seconds=-1", "--device=cpu")).isEqualTo(2);
    assertOneLine(2, "--seconds is -1; it must be 0 to 3600");
  }

  @Test
  void listsPromotesVerifiesShowsDeletesAndRepublishesCheckpoints() {
    CheckpointStore store = new CheckpointStore(folder.resolve("checkpoints"));
    String first = TestCheckpoints.publishCurrent(store, 1);
    String second = TestCheckpoints.publish(store, 2);
    String checkpoints = "--checkpoints=" + folder.resolve("checkpoints");

    assertThat(run("checkpoints", "list", checkpoints)).isZero();
    assertThat(out.toString()).contains("* " + first, "  " + second);
    assertThat(run("checkpoints", "promote", checkpoints, second)).isZero();
    assertThat(store.current()).contains(second);
    assertThat(run("checkpoints", "verify", checkpoints)).isZero();
    assertThat(out.toString()).contains(second + " is intact");
    assertThat(run("checkpoints", "show", checkpoints, first)).isZero();
    assertThat(out.toString()).contains("version     " + first, "setting     --seed 1");
    assertThat(run("checkpoints", "delete", checkpoints, second)).isEqualTo(1);
    assertOneLine(1, "is CURRENT");
    assertThat(run("checkpoints", "delete", checkpoints, first)).isZero();
    assertThat(store.versions()).containsExactly(second);
    assertThat(run("publish", checkpoints, "--dtype=float16", second)).isZero();
    String half = out.toString().strip();
    assertThat(store.versions()).contains(half);
    assertThat(store.manifest(half).parent()).isEqualTo(second);
    assertThat(run("checkpoints", "verify", checkpoints, half)).isZero();
    assertThat(run("checkpoints", "promote", "--checkpoints=" + folder.resolve("none"), half))
        .isEqualTo(1);
    assertOneLine(1, "there is no checkpoint in ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --learning-rate=0         | --learning-rate is 0; it must be
          --batch=0                 | --batch is 0; it must be 1 to 65536
          --precision=float16       | --precision is float16, which needs a GPU; on a CPU it must be float32, bfloat16 or auto
          --layers=0                | layers is 0; it must be 1 to 64
          --hidden-size=-4          | --hidden-size is -4
          --hidden-size=20000       | makes 3,60
          --output-dropout=1        | --output-dropout is 1.0
          --fraction=0              | --fraction is 0
          --network=transformer     | transformer
          --steps=many              | many
          --preset=best             | --preset is best; it must be one of quick, quality
          --promote=sometimes       | sometimes
          --keep=0                  | --keep is 0
          --threads=-1              | --threads is -1
          --nonsense                | --nonsense
          """)
  void namesTheIllegalOption(String option, String words) {
    assertThat(train(option)).isEqualTo(2);
    assertOneLine(2, words);
    assertThat(folder.resolve("checkpoints")).doesNotExist();
  }

  @Test
  void explainsWhyACorpusCannotBeUsed() throws IOException {
    Files.write(corpus, new byte[0]);
    assertThat(train()).isEqualTo(1);
    assertOneLine(1, "is empty");
    Files.write(corpus, new byte[] {1, 0, 2, 3});
    assertThat(train()).isEqualTo(1);
    assertOneLine(1, "is binary");
    Files.write(corpus, "caf\u00e9".repeat(99).getBytes(StandardCharsets.ISO_8859_1));
    assertThat(train()).isEqualTo(1);
    assertOneLine(1, "is not UTF-8 at byte 3");
    Files.writeString(corpus, "a text that is too short");
    assertThat(train()).isEqualTo(1);
    assertOneLine(1, "too few for --batch 8 streams of --length 16");
    assertThat(folder.resolve("checkpoints")).doesNotExist();
  }

  @Test
  void explainsThatAFolderCannotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThat(train("--run=" + file.resolve("run"))).isEqualTo(1);
    assertOneLine(1, "--run: ", "cannot be written");
    Path run = folder.resolve("no-lock");
    Files.createDirectories(run.resolve(".lock"));
    assertThat(train("--run=" + run)).isEqualTo(1);
    assertOneLine(1, "--run: " + run + " cannot be written");
    assertThat(train("--checkpoints=" + file.resolve("checkpoints"))).isEqualTo(1);
    assertOneLine(1, "cannot be written");
  }

  @Test
  void leavesNoPartOfACheckpointOnAFullDisk() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    boolean mounted = exec("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString());
    Assumptions.assumeTrue(mounted, "this user may not mount a small disk");
    try {
      assertThat(train("--checkpoints=" + disk.resolve("checkpoints"), "--hidden-size=128"))
          .isEqualTo(1);
      assertOneLine(1, "cannot be written", "No space left on device");
      CheckpointStore store = new CheckpointStore(disk.resolve("checkpoints"));
      assertThat(store.versions()).isEmpty();
      assertThat(store.current()).isEmpty();
      assertThat(disk.resolve("checkpoints").toFile().list()).containsExactly(".lock");
    } finally {
      assertThat(exec("umount", disk.toString())).isTrue();
    }
  }

  private static boolean exec(String... command) throws Exception {
    return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
  }

  @Test
  void failsWhenTrainingDiverges() {
    assertThat(
            train(
                "--learning-rate=10",
                "--clip-norm=0",
                "--steps=4000",
                "--network=plain",
                "--embedding-size=0",
                "--head-activation=relu",
                "--warmup-steps=0",
                "--final-rate=1",
                "--weight-decay=10",
                "--beta2=0"))
        .isEqualTo(1);
    assertOneLine(1, "training has diverged", "--learning-rate");
  }

  private static Set<String> commands() {
    return Trainer.commandLine().getSubcommands().keySet();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void printsHelp(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString()).contains("Usage: ./folio " + command);
  }

  @Test
  void rejectsAnUnknownCommand() {
    assertThat(run("transform")).isEqualTo(2);
    assertOneLine(2, "transform is not a command");
  }

  @Test
  void isListedByTheLauncher() throws IOException {
    assertThat(LauncherHelp.commands()).containsAll(commands()).doesNotHaveDuplicates();
  }

  @Test
  void namesTheOptionOfAnIllegalSamplingParameter() {
    assertThat(run("sample", "--repetition-penalty=3")).isEqualTo(2);
    assertOneLine(2, "--repetition-penalty is 3.0; it must be above 0, up to 2");
    assertThat(SampleCommand.describe(new OutOfRangeException("an_example_of_three", 3, "0 to 2")))
        .isEqualTo("--an-example-of-three is 3; it must be 0 to 2");
  }

  @Test
  void samplesWithTheDefaultParameters() {
    SamplingParameters defaults = SamplingParameters.DEFAULT;
    assertThat(sampleDefault("--temperature")).isEqualTo(defaults.temperature());
    assertThat(sampleDefault("--top-k")).isEqualTo(defaults.topK());
    assertThat(sampleDefault("--top-p")).isEqualTo(defaults.topP());
    assertThat(sampleDefault("--min-p")).isEqualTo(defaults.minP());
    assertThat(sampleDefault("--repetition-penalty")).isEqualTo(defaults.repetitionPenalty());
  }

  private static double sampleDefault(String option) {
    CommandLine sample = Trainer.commandLine().getSubcommands().get("sample");
    return Double.parseDouble(sample.getCommandSpec().findOption(option).defaultValue());
  }
}
