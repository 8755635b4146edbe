package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.network.CharGru;
import folio.trainer.adaptation.DynamicReader;
import folio.trainer.adaptation.Speed;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.Division;
import folio.trainer.corpus.EncodedText;
import folio.trainer.corpus.SplitRule;
import folio.trainer.corpus.TextStructure;
import folio.trainer.evaluation.Calibration;
import folio.trainer.evaluation.Evaluator;
import folio.trainer.evaluation.Memorisation;
import folio.trainer.evaluation.TrainedModel;
import folio.trainer.report.TaskProgress;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code evaluate}: measures a checkpoint on a text. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = {
      "Measures the loss of a checkpoint on the validation part of a text, and on its test part if"
          + " it has one, in nats and bits per character.",
      "Protocol carried-64 reads 64 streams and carries their state from the first character to the"
          + " last; windows-256 reads windows of 256 characters, each from a zero state.",
      "--dynamic adds protocol dynamic: one stream reads the test part, or else the validation part,"
          + " and the network learns from each 50 characters after they are scored. Protocol"
          + " carried-1 is the same without learning.",
      "The calibration is the temperature that would make the loss lowest on the part that the"
          + " checkpoint's run held out, or else on the validation part.",
      "Then generates text and searches it for passages that occur word for word in the training"
          + " text. The same search in the validation text, which the network never saw, shows how"
          + " many matches to expect by chance."
    },
    footer = {"", "Example: ./folio evaluate current --corpus my.txt"})
final class EvaluateCommand implements Callable<Integer> {
  /** The number of generated characters that are searched for in the training text. */
  private static final int GENERATED = 65_536;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "VERSION",
      defaultValue = "current",
      description = StoreOptions.CHECKPOINT)
  private String version;

  @Option(
      names = "--split",
      paramLabel = "PERCENTAGES",
      converter = SplitConverter.class,
      description =
          "The percentages for training, validation and test, such as 80,10,10 (default: those of"
              + " the checkpoint's run on the same text, else 90,10).")
  private SplitRule split;

  @Option(
      names = "--dynamic",
      description =
          "Also let the network learn from the text that it reads. Rate and decay are chosen on the"
              + " validation part if there is a test part, or else on the part that the checkpoint's"
              + " run held out.")
  private boolean dynamic;

  @Mixin private DynamicOptions learning;
  @Mixin private CorpusOptions corpus;
  @Mixin private StoreOptions checkpoints;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    learning.check();
    if (learning.areGiven() && !dynamic) {
      throw new ParameterException(
          spec.commandLine(), "--rate and --decay belong to --dynamic, which is missing");
    }
    Checkpoint checkpoint = checkpoints.open(version);
    Corpus text = corpus.open(structure(checkpoint, split));
    Corpus.Split parts = parts(checkpoint, text, split);
    PrintWriter out = spec.commandLine().getOut();
    try (NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = checkpoint.load(manager)) {
      out.printf("%s on %s%n", checkpoint.version(), text);
      print(out, "", losses(manager, network, parts.validation()));
      if (parts.test().length() > 1) {
        print(out, "test ", losses(manager, network, parts.test()));
      }
      boolean heldOut = parts.heldOut().length() >= Evaluator.WINDOW;
      EncodedText unseen = heldOut ? parts.heldOut() : parts.validation();
      if (unseen.length() >= Evaluator.WINDOW) {
        String part = heldOut ? "held-out" : "validation";
        print(out, part, Calibration.of(manager, network, unseen));
      }
      out.flush();
      printMemorisation(
          new Memorisation(parts.training(), parts.validation()),
          TrainedModel.of(manager, network, checkpoint.description()),
          out);
      if (dynamic) {
        readDynamically(manager, network, parts, out);
      }
    }
    return CommandLine.ExitCode.OK;
  }

  /** Scores a part while the network learns from it, and changes the network. */
  private void readDynamically(
      NDManager manager, CharGru network, Corpus.Split parts, PrintWriter out) {
    boolean tested = parts.test().length() > 1;
    EncodedText scored = tested ? parts.test() : parts.validation();
    EncodedText forChoice = tested ? parts.validation() : parts.heldOut();
    try (DynamicReader reader = DynamicOptions.reader(manager, network, parts.training())) {
      boolean chooses = forChoice.length() > 1;
      String chooser = "the " + (tested ? "validation" : "held-out") + " part";
      Speed speed =
          chooses ? learning.choose(reader, forChoice, chooser, out) : learning.orDefaults();
      String reason =
          chooses
              ? "; " + learning.open() + " chosen on " + chooser
              : "; no part is left to choose " + learning.open() + " on, so the default is used";
      String part = tested ? "test " : "";
      print(out, part, Map.of("carried-1", DynamicOptions.readOnly(manager, network, scored)));
      print(out, part, Map.of("dynamic", DynamicOptions.read(reader, scored, speed)));
      out.printf(
          "%-12s %s%s%n", "", DynamicOptions.describe(speed), learning.areComplete() ? "" : reason);
    }
  }

  private static Map<String, Double> losses(NDManager manager, CharGru network, EncodedText text) {
    boolean terminal = CommandLine.Help.Ansi.AUTO.enabled();
    try (TaskProgress progress = new TaskProgress(terminal, "evaluate", "character")) {
      return new Evaluator(manager, text, progress::reached).evaluate(network);
    }
  }

  /**
   * Returns the structure of the texts that a checkpoint was trained on.
   *
   * @param split the rule that the user chose, or null
   */
  static TextStructure structure(Checkpoint checkpoint, SplitRule split) {
    Map<String, String> settings = settings(checkpoint);
    return DivisionOptions.structure(
        checkpoint.description().documentSeparator(),
        settings,
        split == null ? rule(settings) : split);
  }

  /** Returns the settings of a checkpoint's run; none if they are unknown. */
  static Map<String, String> settings(Checkpoint checkpoint) {
    CheckpointManifest manifest = checkpoint.manifest();
    return manifest == null || manifest.settings() == null ? Map.of() : manifest.settings();
  }

  private static SplitRule rule(Map<String, String> settings) {
    return SplitRule.parse(settings.getOrDefault("split", SplitRule.DEFAULT.toString()));
  }

  /**
   * Divides a text. The text that the checkpoint was trained on is divided as in its run, any other
   * one by the default rule.
   *
   * @param split the rule that the user chose, or null
   */
  static Corpus.Split parts(Checkpoint checkpoint, Corpus text, SplitRule split) {
    CheckpointManifest manifest = checkpoint.manifest();
    boolean sameText =
        manifest != null
            && manifest.corpus() != null
            && manifest.corpus().sha256().equals(text.description().sha256());
    Map<String, String> settings = sameText ? settings(checkpoint) : Map.of();
    return text.split(
        checkpoint.vocabulary(),
        new Division(
            split == null ? rule(settings) : split,
            Double.parseDouble(settings.getOrDefault("fraction", "1")),
            Double.parseDouble(settings.getOrDefault("holdout", "0"))));
  }

  private static void print(PrintWriter out, String part, Map<String, Double> losses) {
    losses.forEach(
        (protocol, loss) ->
            out.printf(
                "%-12s %.4f nats, %.4f bits per character%n",
                part + protocol, loss, loss / Math.log(2)));
  }

  private static void print(PrintWriter out, String part, Calibration calibration) {
    out.printf(
        "calibration  the loss is lowest at temperature %.2f: on a sample of the %s part, %.4f nats"
            + " instead of %.4f%n",
        calibration.temperature(), part, calibration.loss(), calibration.lossAtOne());
  }

  private static void printMemorisation(
      Memorisation memorisation, TrainedModel model, PrintWriter out) {
    Memorisation.Result result = memorisation.measure(model, GENERATED);
    out.printf(
        "memorised    of %,d generated characters, the longest run that is also in the training text"
            + " has %d: %s%n",
        result.characters(), result.generated().longest(), result.longestRun());
    out.printf(
        "             of as many validation characters, which the network never saw, %d. On average,"
            + " runs are %.2f and %.2f characters long%n",
        result.unseen().longest(), result.generated().mean(), result.unseen().mean());
  }
}
