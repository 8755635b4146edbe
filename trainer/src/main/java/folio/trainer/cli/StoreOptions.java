package folio.trainer.cli;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointStore;
import folio.model.run.RunStore;
import folio.model.storage.UserPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BiFunction;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that names the store of checkpoints. */
final class StoreOptions {
  /** The description of a parameter whose value {@link #open} accepts. */
  static final String CHECKPOINT =
      "The checkpoint: a version, current (the one that CURRENT names) or embedded (the one in the"
          + " jar).";

  /** The description of a parameter whose value {@link #openAny} accepts. */
  static final String ANY_CHECKPOINT =
      "The checkpoint: a version, current (the one that CURRENT names), embedded (the one in the"
          + " jar) or the path of a folder.";

  @Option(
      names = "--checkpoints",
      paramLabel = "ADDRESS",
      defaultValue = "checkpoints",
      description = {
        "The checkpoint store: a folder, file:///FOLDER", // picocli would break the line after s3:
        "or s3://BUCKET/PREFIX."
      })
  private String address;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Returns the option by its name without dashes, for a run that is resumed. */
  Map<String, String> again() {
    return Map.of("checkpoints", address);
  }

  /**
   * Returns the store, which need not exist yet.
   *
   * @throws ParameterException if the address is not legal
   */
  CheckpointStore store() {
    try {
      return CheckpointStore.at(address, System.getenv());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--checkpoints: " + e.getMessage(), e);
    }
  }

  /** Returns the training runs in the store, whose address {@link #store} has checked. */
  RunStore runs() {
    return RunStore.at(address, System.getenv());
  }

  /**
   * Returns the store for a command that changes it.
   *
   * @throws CheckpointException if the store has no checkpoint, so that a mistyped folder is not
   *     created
   */
  CheckpointStore existing() {
    CheckpointStore store = store();
    if (store.versions().isEmpty()) {
      throw new CheckpointException("there is no checkpoint in " + store + "; see --checkpoints");
    }
    return store;
  }

  /**
   * Opens the checkpoint of the given name.
   *
   * @param name a name that {@link Versions} resolves, or {@code embedded}
   * @throws CheckpointException if there is no such checkpoint or it is incomplete
   */
  Checkpoint open(String name) {
    return read(name, CheckpointStore::open);
  }

  /**
   * Opens the checkpoint of the given name, or the one in a folder that another program wrote.
   *
   * @param name a name that {@link Versions} resolves, {@code embedded} or the path of a folder
   * @throws CheckpointException if there is no such checkpoint or it is incomplete
   */
  Checkpoint openAny(String name) {
    Path folder = UserPath.of(name);
    return Files.isRegularFile(folder.resolve("config.json"))
        ? Checkpoint.readExternal(folder)
        : open(name);
  }

  /**
   * Opens a checkpoint like {@link #open}, but reads its files from the store itself, not from a
   * local copy.
   */
  Checkpoint verify(String name) {
    return read(name, CheckpointStore::verify);
  }

  private Checkpoint read(String name, BiFunction<CheckpointStore, String, Checkpoint> reader) {
    if (name.equals("embedded")) {
      return Checkpoint.embedded();
    }
    CheckpointStore store = store();
    return reader.apply(store, Versions.resolve(store, name));
  }
}
