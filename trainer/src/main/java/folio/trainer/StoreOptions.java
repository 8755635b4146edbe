package folio.trainer;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointStore;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where checkpoints are. */
final class StoreOptions {
  @Option(
      names = "--checkpoints",
      paramLabel = "DIR",
      defaultValue = "checkpoints",
      description = "Folder of the checkpoints.")
  private Path directory;

  /** The store, which need not exist yet. */
  CheckpointStore store() {
    return new CheckpointStore(directory);
  }

  /**
   * The store, which a command is about to change.
   *
   * @throws CheckpointException if there is none: a mistyped folder is not made
   */
  CheckpointStore existing() {
    if (!Files.isDirectory(directory)) {
      throw new CheckpointException("there is no folder " + directory + "; see --checkpoints");
    }
    return store();
  }

  /**
   * The checkpoint that a user means.
   *
   * @param name a version, {@code current} or {@code embedded}
   * @throws CheckpointException if there is no such checkpoint or it is not whole
   */
  Checkpoint open(String name) {
    if (name.equals("embedded")) {
      return Checkpoint.embedded();
    }
    if (!name.equals("current")) {
      return store().open(name);
    }
    return store()
        .open(
            store()
                .current()
                .orElseThrow(
                    () ->
                        new CheckpointException(
                            "there is no CURRENT in " + directory + "; name a version")));
  }
}
