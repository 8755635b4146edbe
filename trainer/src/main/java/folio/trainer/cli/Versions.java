package folio.trainer.cli;

import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointReader;
import folio.model.checkpoint.CheckpointStore;
import folio.trainer.publication.Promotion;
import java.util.List;

/** The names by which a user refers to the versions of a store. */
final class Versions {
  private Versions() {}

  /**
   * Returns the version that a name means.
   *
   * @param name a version, the beginning of one or of its last eight characters, {@code current},
   *     or {@code best} for the one with the lowest loss
   * @throws CheckpointException if there is no such version, or several
   */
  static String resolve(CheckpointStore store, String name) {
    return switch (name) {
      case "current" -> current(store);
      case "best" ->
          Promotion.best(store)
              .orElseThrow(
                  () ->
                      new CheckpointException(
                          "no checkpoint in "
                              + store
                              + " has a loss on its whole validation part; name a version"));
      default -> CheckpointReader.isVersion(name) ? name : unabbreviated(store, name);
    };
  }

  private static String current(CheckpointStore store) {
    return store
        .current()
        .orElseThrow(
            () ->
                new CheckpointException(
                    "there is no CURRENT in " + store + "; name a version, or embedded"));
  }

  private static String unabbreviated(CheckpointStore store, String name) {
    List<String> matches =
        store.versions().stream()
            .filter(version -> version.startsWith(name) || digest(version).startsWith(name))
            .toList();
    if (matches.isEmpty()) {
      throw new CheckpointException(
          "there is no checkpoint "
              + name
              + " in "
              + store
              + "; ./folio checkpoints list names all");
    }
    if (matches.size() > 1) {
      throw new CheckpointException(
          name + " may mean " + String.join(" or ", matches) + "; write more of the name");
    }
    return matches.get(0);
  }

  private static String digest(String version) {
    return version.substring(version.indexOf('-') + 1);
  }

  /**
   * Returns the version that was published before {@code CURRENT}.
   *
   * @throws CheckpointException if there is none
   */
  static String beforeCurrent(CheckpointStore store) {
    String current = current(store);
    List<String> earlier =
        store.versions().stream().filter(version -> version.compareTo(current) < 0).toList();
    if (earlier.isEmpty()) {
      throw new CheckpointException(
          "CURRENT is " + current + ", and no earlier checkpoint is in " + store);
    }
    return earlier.get(earlier.size() - 1);
  }
}
