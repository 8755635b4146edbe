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
    description = "Lists, shows, promotes, verifies and deletes published checkpoints.")
final class CheckpointsCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "a subcommand is missing: list, show, promote, verify or delete");
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Lists all versions with their losses. An asterisk marks CURRENT.")
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
      out().println("no CURRENT: the service serves its embedded checkpoint");
    }
  }

  private static String losses(CheckpointManifest manifest) {
    return manifest.losses() == null ? "not measured" : manifest.losses().validation().toString();
  }

  @Command(mixinStandardHelpOptions = true, description = "Shows the manifest of a version.")
  void show(
      @Mixin StoreOptions checkpoints,
      @Parameters(
              paramLabel = "VERSION",
              defaultValue = "current",
              description = "A version, current or embedded.")
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
      description = "Makes CURRENT name a version, so that the service loads it. Also rolls back.")
  void promote(
      @Mixin StoreOptions checkpoints, @Parameters(paramLabel = "VERSION") String version) {
    try (CheckpointWriter writer = checkpoints.existing().write()) {
      writer.promote(version);
    }
    out().println("CURRENT is " + version);
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Checks the digests, shapes, values and canary of a version.")
  void verify(
      @Mixin StoreOptions checkpoints,
      @Mixin DeviceOptions device,
      @Parameters(
              paramLabel = "VERSION",
              defaultValue = "current",
              description = "A version, current or embedded.")
          String version) {
    Checkpoint checkpoint = checkpoints.verify(version);
    try (NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = checkpoint.load(manager)) {
      checkpoint.manifest().canary().check(manager, network, checkpoint.vocabulary());
    }
    out().println(checkpoint.version() + " is intact and computes what its publisher computed");
  }

  @Command(
      mixinStandardHelpOptions = true,
      showDefaultValues = true,
      description = "Deletes a version that CURRENT does not name.")
  void delete(@Mixin StoreOptions checkpoints, @Parameters(paramLabel = "VERSION") String version) {
    try (CheckpointWriter writer = checkpoints.existing().write()) {
      writer.delete(version);
    }
    out().println("deleted " + version);
  }
}
