package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointDraft;
import folio.model.checkpoint.CheckpointDraft.Origin;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGru;
import folio.trainer.adaptation.DynamicReader;
import folio.trainer.adaptation.Speed;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusException;
import folio.trainer.corpus.EncodedText;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code adapt}: makes a checkpoint that has learned from a text by reading it. */
@Command(
    name = "adapt",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = {
      "Lets a checkpoint read a text once, in one stream, and publishes a new checkpoint that has"
          + " learned from it. The network learns from each 50 characters after they are scored, as"
          + " in evaluate --dynamic. This takes seconds to minutes; train --from takes longer and"
          + " learns more.",
      "CURRENT does not move; checkpoints promote moves it."
    },
    footer = {"", "Example: ./folio adapt current --corpus my.txt"})
final class AdaptCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "CHECKPOINT",
      defaultValue = "current",
      description = StoreOptions.ANY_CHECKPOINT)
  private String source;

  @Mixin private DynamicOptions learning;
  @Mixin private CorpusOptions corpus;
  @Mixin private LicenceOption licence;
  @Mixin private StoreOptions checkpoints;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    learning.check();
    CheckpointStore store = checkpoints.store();
    Checkpoint checkpoint = checkpoints.openAny(source);
    Corpus text =
        corpus.open(EvaluateCommand.structure(checkpoint, null)).withLicence(licence.value());
    EncodedText read = text.whole(checkpoint.vocabulary());
    if (read.length() < 2) {
      throw new CorpusException(
          "--corpus " + text + " is too short: it must have at least two characters");
    }
    PrintWriter out = spec.commandLine().getOut();
    try (NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = checkpoint.load(manager);
        DynamicReader reader = DynamicOptions.reader(manager, network, read)) {
      out.printf("%s reads %s%n", checkpoint.version(), text);
      out.flush();
      double before = DynamicOptions.readOnly(manager, network, read);
      Speed speed = learning.choose(reader, read, "the text", out);
      double loss = DynamicOptions.read(reader, read, speed);
      out.printf(
          Locale.ROOT,
          "%.4f nats per character while it learned (%s), %.4f before%n",
          loss,
          DynamicOptions.describe(speed),
          before);
      out.println(publish(store, checkpoint, network, origin(checkpoint, text, speed)));
    }
    return CommandLine.ExitCode.OK;
  }

  private static String publish(
      CheckpointStore store, Checkpoint checkpoint, CharGru network, Origin origin) {
    try (CheckpointWriter writer = store.write()) {
      return writer.publish(
          new CheckpointDraft(
              network,
              checkpoint.vocabulary(),
              Precision.FLOAT32,
              PublishCommand.canaryText(checkpoint),
              origin));
    }
  }

  /**
   * Returns the origin of the new checkpoint: that of the old one, with the text that was read
   * among the settings. The losses of the old one do not hold for it.
   */
  private static Origin origin(Checkpoint checkpoint, Corpus text, Speed speed) {
    CheckpointManifest manifest = checkpoint.manifest();
    Map<String, String> settings = new TreeMap<>(EvaluateCommand.settings(checkpoint));
    CheckpointManifest.Corpus read = text.description();
    settings.put("adapted-to", read.name());
    settings.put("adapted-to-sha256", read.sha256());
    if (read.licence() != null) {
      settings.put("adapted-to-licence", read.licence());
    }
    settings.put("adapted-rate", DynamicOptions.number(speed.rate()));
    settings.put("adapted-decay", DynamicOptions.number(speed.decay()));
    return manifest == null
        ? new Origin(null, null, 0, null, null, settings, null)
        : new Origin(
            checkpoint.version(),
            null,
            manifest.step(),
            manifest.corpus(),
            null,
            settings,
            manifest.documentSeparator());
  }
}
