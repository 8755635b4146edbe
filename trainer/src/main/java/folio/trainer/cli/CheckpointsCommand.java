package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGru;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code checkpoints}: lists, shows, promotes, verifies and deletes versions. */
@Command(
    name = "checkpoints",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Lists, shows, promotes, verifies and deletes published checkpoints.",
    footer = {"", "Example: ./folio checkpoints list --checkpoints s3://my-bucket/folio"})
final class CheckpointsCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "a subcommand is missing; it must be list, show, promote, verify or delete");
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Lists all versions with their losses. An asterisk marks CURRENT.",
      footer = {"", "Example: ./folio checkpoints list"})
  void list(@Mixin StoreOptions checkpoints) {
    CheckpointStore store = checkpoints.store();
    String current = store.current().orElse("");
    for (String version : store.versions()) {
      String mark = version.equals(current) ? "* " : "  ";
      try {
        CheckpointManifest manifest = store.manifest(version);
        out().println(mark + version + "  step " + manifest.step() + "  " + losses(manifest));
      } catch (CheckpointException e) {
        out().println(mark + version + "  unreadable: " + e.getMessage());
      }
    }
    if (current.isEmpty()) {
      out().println("there is no CURRENT; the service serves its embedded checkpoint");
    }
  }

  private static String losses(CheckpointManifest manifest) {
    return manifest.losses() == null ? "not measured" : manifest.losses().validation().toString();
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Shows the manifest of a version.",
      footer = {"", "Example: ./folio checkpoints show current"})
  void show(
      @Mixin StoreOptions checkpoints,
      @Parameters(
              paramLabel = "VERSION",
              defaultValue = "current",
              description =
                  "The checkpoint: a version, current (the one that CURRENT names) or embedded (the one in the"
                      + " jar).")
          String version) {
    Checkpoint checkpoint = checkpoints.open(version);
    CheckpointManifest manifest = checkpoint.manifest();
    out().println("version     " + manifest.version());
    out().println("parent      " + manifest.parent());
    out().println("step        " + manifest.step());
    out().println("corpus      " + manifest.corpus());
    out().println("losses      " + losses(manifest));
    out().println("network     " + checkpoint.config());
    out()
        .println(
            "vocabulary  "
                + String.join("", checkpoint.vocabulary().characters()).replace("\n", "\\n"));
    manifest.files().forEach((name, entry) -> out().println("file        " + name + " " + entry));
    if (manifest.settings() != null) {
      manifest
          .settings()
          .forEach((name, value) -> out().println("setting     " + name + " = " + value));
    }
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Makes CURRENT name a version, so that the service loads it. Also rolls back.",
      footer = {"", "Example: ./folio checkpoints promote 20261123T184500Z-1a2b3c4d"})
  void promote(
      @Mixin StoreOptions checkpoints,
      @Parameters(paramLabel = "VERSION", description = "A version that checkpoints list names.")
          String version) {
    try (CheckpointWriter writer = checkpoints.existing().write()) {
      writer.promote(version);
    }
    out().println("CURRENT is " + version);
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
              description =
                  "The checkpoint: a version, current (the one that CURRENT names) or embedded (the one in the"
                      + " jar).")
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
    try (CheckpointWriter writer = checkpoints.existing().write()) {
      writer.delete(version);
    }
    out().println("deleted " + version);
  }
}
