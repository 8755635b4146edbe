package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointDraft;
import folio.model.checkpoint.CheckpointDraft.Origin;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGru;
import folio.trainer.corpus.Corpus;
import folio.trainer.evaluation.Calibration;
import folio.trainer.evaluation.Evaluator;
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

/** The command {@code publish}: publishes a checkpoint again, or one that PyTorch wrote. */
@Command(
    name = "publish",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = {
      "Publishes a checkpoint again at another precision or temperature, or publishes a folder that",
      "PyTorch wrote.",
      "CURRENT does not move; checkpoints promote moves it."
    },
    footer = {"", "Example: ./folio publish current --dtype float16 --measure"})
final class PublishCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "SOURCE",
      defaultValue = "current",
      description =
          "A version, current, embedded, or a folder with config.json, vocabulary.json and"
              + " model.safetensors.")
  private String source;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description = "The precision of the weights: float32, or float16 for half the size.")
  private Precision precision;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "1",
      description =
          "The temperature by which the logits are divided, 0.1 to 10; evaluate prints the one that"
              + " suits a text.")
  private double temperature;

  @Option(
      names = "--measure",
      description =
          "Measure the losses of the network as it will be stored, on the validation part of"
              + " --corpus.")
  private boolean measure;

  @Mixin private CorpusOptions corpus;
  @Mixin private LicenceOption licence;
  @Mixin private StoreOptions checkpoints;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    new Range("--temperature", 0.1, 10).check(temperature, spec);
    CheckpointStore store = checkpoints.store();
    Checkpoint checkpoint = checkpoints.openAny(source);
    try (NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = divided(manager, checkpoint)) {
      Origin origin = measure ? measured(manager, network, checkpoint) : unmeasured(checkpoint);
      try (CheckpointWriter writer = store.write()) {
        String version =
            writer.publish(
                new CheckpointDraft(
                    network, checkpoint.vocabulary(), precision, canaryText(checkpoint), origin));
        spec.commandLine().getOut().println(version);
      }
    }
    return CommandLine.ExitCode.OK;
  }

  /**
   * Returns the network with its logits divided by the temperature.
   *
   * @throws ParameterException if that is not possible
   */
  private CharGru divided(NDManager manager, Checkpoint checkpoint) {
    CharGru network = checkpoint.load(manager);
    if (temperature == 1) {
      return network;
    }
    try (network) {
      return Calibration.divideLogits(manager, network, temperature);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--temperature is " + temperature + "; " + e.getMessage(), e);
    }
  }

  /** Returns the text of the canary of a checkpoint that is published again. */
  static String canaryText(Checkpoint checkpoint) {
    return checkpoint.manifest() != null
        ? checkpoint.manifest().canary().text()
        : CheckpointDraft.canaryTextOf(checkpoint.vocabulary());
  }

  /**
   * Returns the origin of the new checkpoint without measuring. It keeps the measured losses only
   * if the weights stay the same.
   */
  private Origin unmeasured(Checkpoint checkpoint) {
    CheckpointManifest manifest = checkpoint.manifest();
    boolean kept = manifest != null && precision == Precision.FLOAT32 && temperature == 1;
    return origin(checkpoint, trainedOn(checkpoint), kept ? manifest.losses() : null);
  }

  private static CheckpointManifest.Corpus trainedOn(Checkpoint checkpoint) {
    return checkpoint.manifest() == null ? null : checkpoint.manifest().corpus();
  }

  private Origin origin(Checkpoint checkpoint, CheckpointManifest.Corpus trainedOn, Losses losses) {
    CheckpointManifest manifest = checkpoint.manifest();
    if (manifest == null) {
      Map<String, String> settings =
          divided(Map.of("source", CheckpointManifest.Corpus.publicName(source)));
      return new Origin(null, null, 0, licensed(trainedOn), losses, settings, null);
    }
    return new Origin(
        checkpoint.version(),
        null,
        manifest.step(),
        licensed(trainedOn),
        losses,
        divided(manifest.settings()),
        manifest.documentSeparator());
  }

  /** Returns the settings of a checkpoint with the temperature, if there is one. */
  private Map<String, String> divided(Map<String, String> settings) {
    return temperature == 1
        ? settings
        : Calibration.dividedBy(temperature, settings == null ? Map.of() : settings);
  }

  /**
   * Returns a corpus with the licence that the user named, or else with the one it had.
   *
   * @throws ParameterException if the user named a licence and the corpus is unknown
   */
  private CheckpointManifest.Corpus licensed(CheckpointManifest.Corpus trainedOn) {
    if (licence.value() == null) {
      return trainedOn;
    }
    if (trainedOn == null) {
      throw new ParameterException(
          spec.commandLine(),
          "--corpus-licence is "
              + licence.value()
              + ", but "
              + source
              + " does not name its corpus; add --measure --corpus TEXT");
    }
    return trainedOn.withLicence(licence.value());
  }

  /**
   * Returns the origin of the new checkpoint with newly measured losses of the network as it will
   * be stored.
   *
   * @throws ParameterException if {@code --corpus} is not the text of the checkpoint's training
   */
  private Origin measured(NDManager manager, CharGru network, Checkpoint checkpoint) {
    Corpus text = corpus.open(EvaluateCommand.structure(checkpoint, null));
    CheckpointManifest.Corpus before = trainedOn(checkpoint);
    if (before != null && !before.sha256().equals(text.description().sha256())) {
      throw new ParameterException(
          spec.commandLine(),
          "--corpus is "
              + text
              + "; with --measure it must be the text that the checkpoint was trained on, "
              + before.name());
    }
    Evaluator evaluator =
        new Evaluator(manager, EvaluateCommand.parts(checkpoint, text, null).validation());
    CheckpointManifest manifest = checkpoint.manifest();
    Double training =
        manifest == null || manifest.losses() == null ? null : manifest.losses().training();
    try (NDManager scratch = manager.newSubManager();
        CharGru rounded = rounded(scratch, network)) {
      return origin(
          checkpoint,
          text.withLicence(before == null ? null : before.licence()).description(),
          new Losses(training, evaluator.evaluate(rounded)));
    }
  }

  /** Returns a copy of the network with weights rounded to the precision that is stored. */
  private CharGru rounded(NDManager scratch, CharGru network) {
    return network.withTensors(
        scratch,
        tensor -> precision == Precision.FLOAT16 ? tensor.toType(DataType.FLOAT16, true) : tensor);
  }
}
