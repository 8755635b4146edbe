package folio.model.checkpoint;

import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.storage.FileCache;
import folio.model.storage.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A source of the files of one checkpoint: a store, a folder or the class path. */
@FunctionalInterface
interface CheckpointFiles {
  /** The name of the file with the architecture. */
  String CONFIG = "config.json";

  /** The name of the file with the characters. */
  String VOCABULARY = "vocabulary.json";

  /** The name of the file with the tensors. */
  String WEIGHTS = "model.safetensors";

  /** The name of the file with everything else and the digests of the other three files. */
  String MANIFEST = Storage.COMMIT_FILE;

  /**
   * Returns the content of a file.
   *
   * @param expected the size and digest that the file should have, or null if they are unknown; the
   *     caller verifies them
   * @throws IOException if the file does not exist or cannot be read
   */
  byte[] read(String name, FileEntry expected) throws IOException;

  /**
   * Returns the files of a version in a storage.
   *
   * @param cache caches the files whose digest is known; null to read each file from the storage
   */
  static CheckpointFiles in(Storage storage, String version, FileCache cache) {
    return (name, expected) ->
        cache == null || expected == null
            ? storage.read(version, name)
            : cache.get(expected.sha256(), () -> storage.read(version, name));
  }

  /** Returns the files of a directory. */
  static CheckpointFiles in(Path directory) {
    return (name, expected) -> Files.readAllBytes(directory.resolve(name));
  }

  /** Returns the resources of a folder of the class path. */
  static CheckpointFiles onClassPath(String folder) {
    return (name, expected) -> {
      try (InputStream in = CheckpointFiles.class.getResourceAsStream(folder + "/" + name)) {
        if (in == null) {
          throw new IOException("no resource " + folder + "/" + name);
        }
        return in.readAllBytes();
      }
    };
  }
}
