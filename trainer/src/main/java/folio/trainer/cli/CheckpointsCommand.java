package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGru;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code checkpoints}: lists, shows, promotes, verifies and deletes versions. */
@Command(
    name = "checkpoints",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Lists, shows, promotes, rolls back, verifies and deletes published checkpoints.",
    footer = {"", "Example: ./folio checkpoints list --checkpoints s3://my-bucket/folio"})
final class CheckpointsCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "a subcommand is missing; it must be list, show, promote, rollback, verify or delete");
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = {
        "Lists all versions with their losses in nats per character. An asterisk marks CURRENT. A"
            + " tilde marks the loss of a sample of the validation part.",
        "In every command, a version may be abbreviated to its beginning, or to the beginning of"
            + " its last eight characters."
      },
      footer = {"", "Example: ./folio checkpoints list"})
  void list(
      @Mixin StoreOptions checkpoints,
      @Option(names = "--json", description = "Print a JSON array with an object per version.")
          boolean json) {
    CheckpointStore store = checkpoints.store();
    String current = store.current().orElse("");
    if (json) {
      out().println(CheckpointView.json(store, current));
      return;
    }
    CheckpointView.table(store, current).forEach(out()::println);
    if (current.isEmpty()) {
      out().println("there is no CURRENT; the service serves its embedded checkpoint");
    }
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Shows how a version was made, its losses, its network and its files.",
      footer = {"", "Example: ./folio checkpoints show current"})
  void show(
      @Mixin StoreOptions checkpoints,
      @Parameters(
              paramLabel = "VERSION",
              defaultValue = "current",
              description = StoreOptions.CHECKPOINT)
          String version) {
    Checkpoint checkpoint = checkpoints.open(version);
    String current = version.equals("embedded") ? "" : checkpoints.store().current().orElse("");
    CheckpointDetails.of(checkpoint, checkpoint.version().equals(current)).forEach(out()::println);
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description =
          "Makes CURRENT name a version, so that the service loads it. best means the version with"
              + " the lowest loss on the text of CURRENT.",
      footer = {"", "Example: ./folio checkpoints promote 20261123T184500Z-1a2b3c4d"})
  void promote(
      @Mixin StoreOptions checkpoints,
      @Parameters(
              paramLabel = "VERSION",
              description = "A version that checkpoints list names, or best.")
          String version) {
    CheckpointStore store = checkpoints.existing();
    promote(store, Versions.resolve(store, version));
  }

  private void promote(CheckpointStore store, String version) {
    String before = store.current().map(name -> " (it was " + name + ")").orElse("");
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
    out().println("CURRENT is " + version + before);
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description =
          "Makes CURRENT name the version that was published before the one that it names now.",
      footer = {"", "Example: ./folio checkpoints rollback"})
  void rollback(@Mixin StoreOptions checkpoints) {
    CheckpointStore store = checkpoints.existing();
    promote(store, Versions.beforeCurrent(store));
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Checks the digests, shapes, values and canary of a version.",
      footer = {"", "Example: ./folio checkpoints verify current"})
  void verify(
      @Mixin StoreOptions checkpoints,
      @Mixin DeviceOptions device,
      @Parameters(
              paramLabel = "VERSION",
              defaultValue = "current",
              description = StoreOptions.CHECKPOINT)
          String version) {
    Checkpoint checkpoint = checkpoints.verify(version);
    try (NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = checkpoint.load(manager)) {
      checkpoint.manifest().canary().check(manager, network, checkpoint.vocabulary());
    }
    out().println(checkpoint.version() + " is intact, and its canary's loss is the published one");
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Deletes a version that CURRENT does not name.",
      footer = {"", "Example: ./folio checkpoints delete 20261123T184500Z-1a2b3c4d"})
  void delete(
      @Mixin StoreOptions checkpoints,
      @Parameters(paramLabel = "VERSION", description = "A version that checkpoints list names.")
          String version) {
    CheckpointStore store = checkpoints.existing();
    String whole = Versions.resolve(store, version);
    try (CheckpointWriter writer = store.write()) {
      writer.delete(whole);
    }
    out().println("deleted " + whole);
  }
}
