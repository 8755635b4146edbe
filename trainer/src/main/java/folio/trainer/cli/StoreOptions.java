package folio.trainer.cli;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointStore;
import java.util.function.BiFunction;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where checkpoints are. */
final class StoreOptions {
  @Option(
      names = "--checkpoints",
      paramLabel = "ADDRESS",
      defaultValue = "checkpoints",
      description = "Where the checkpoints are: a folder, file:///FOLDER or s3://BUCKET/PREFIX.")
  private String address;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** The store, which need not exist yet. */
  CheckpointStore store() {
    try {
      return CheckpointStore.at(address, System.getenv());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--checkpoints: " + e.getMessage(), e);
    }
  }

  /**
   * The store, which a command is about to change.
   *
   * @throws CheckpointException if it has no checkpoint: a mistyped folder is not made
   */
  CheckpointStore existing() {
    CheckpointStore store = store();
    if (store.versions().isEmpty()) {
      throw new CheckpointException("there is no checkpoint in " + store + "; see --checkpoints");
    }
    return store;
  }

  /**
   * The checkpoint that a user means.
   *
   * @param name a version, {@code current} or {@code embedded}
   * @throws CheckpointException if there is no such checkpoint or it is not whole
   */
  Checkpoint open(String name) {
    return read(name, CheckpointStore::open);
  }

  /** As {@link #open}, read where others will read it. */
  Checkpoint verify(String name) {
    return read(name, CheckpointStore::verify);
  }

  private Checkpoint read(String name, BiFunction<CheckpointStore, String, Checkpoint> reader) {
    if (name.equals("embedded")) {
      return Checkpoint.embedded();
    }
    CheckpointStore store = store();
    return reader.apply(store, name.equals("current") ? current(store) : name);
  }

  private static String current(CheckpointStore store) {
    return store
        .current()
        .orElseThrow(
            () -> new CheckpointException("there is no CURRENT in " + store + "; name a version"));
  }
}
