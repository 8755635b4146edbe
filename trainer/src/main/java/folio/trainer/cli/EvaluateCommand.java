package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.network.CharGru;
import folio.trainer.corpus.Corpus;
import folio.trainer.evaluation.Evaluator;
import folio.trainer.evaluation.Memorisation;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code evaluate}. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = {
      "Measures a checkpoint on the validation part of a text: nats and bits a character.",
      "carried-64: 64 streams, state carried from the first character to the last;"
          + " windows-256: windows of 256 characters, each from a zero state.",
      "Then it writes text and tells how much of it stands word for word in what the network was"
          + " trained on, beside the same of the validation part, which it never saw."
    })
final class EvaluateCommand implements Callable<Integer> {
  /** Characters that are looked for in the training text. */
  private static final int WRITTEN = 65_536;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "VERSION",
      defaultValue = "current",
      description = "A version, current, or embedded.")
  private String version;

  @Mixin private CorpusOptions corpus;
  @Mixin private StoreOptions checkpoints;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    Checkpoint checkpoint = checkpoints.open(version);
    Corpus text = corpus.open();
    Corpus.Split parts = parts(checkpoint, text);
    PrintWriter out = spec.commandLine().getOut();
    try (NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = checkpoint.load(manager)) {
      out.printf("%s on %s%n", checkpoint.version(), text);
      new Evaluator(manager, parts.validation())
          .evaluate(network)
          .forEach(
              (protocol, loss) ->
                  out.printf(
                      "%-12s %.4f nats, %.4f bits a character%n",
                      protocol, loss, loss / Math.log(2)));
      out.flush();
      tellMemorisation(
          new Memorisation(checkpoint.vocabulary(), parts.training(), parts.validation()),
          manager,
          network,
          out);
    }
    return CommandLine.ExitCode.OK;
  }

  /** The text as the run divided it that made the checkpoint; another text, at its last tenth. */
  static Corpus.Split parts(Checkpoint checkpoint, Corpus text) {
    CheckpointManifest manifest = checkpoint.manifest();
    boolean own =
        manifest.corpus() != null && manifest.corpus().sha256().equals(text.description().sha256());
    Map<String, String> settings =
        own && manifest.settings() != null ? manifest.settings() : Map.of();
    return text.split(
        checkpoint.vocabulary(),
        Double.parseDouble(settings.getOrDefault("fraction", "1")),
        Double.parseDouble(settings.getOrDefault("holdout", "0")));
  }

  private static void tellMemorisation(
      Memorisation memorisation, NDManager manager, CharGru network, PrintWriter out) {
    Memorisation.Result result = memorisation.measure(manager, network, WRITTEN);
    out.printf(
        "memorised    the longest run of %,d generated characters that stands in its training text"
            + " has %d: %s%n",
        result.characters(), result.generated().longest(), result.longestRun());
    out.printf(
        "             of as many that the network never saw, %d. From a character on, runs are %.2f"
            + " and %.2f long on average%n",
        result.unseen().longest(), result.generated().mean(), result.unseen().mean());
  }
}
