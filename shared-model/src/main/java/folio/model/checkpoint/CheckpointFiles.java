package folio.model.checkpoint;

import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.storage.FileCache;
import folio.model.storage.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the files of one checkpoint are read from. */
@FunctionalInterface
interface CheckpointFiles {
  /** The architecture. */
  String CONFIG = "config.json";

  /** The characters. */
  String VOCABULARY = "vocabulary.json";

  /** The tensors. */
  String WEIGHTS = "model.safetensors";

  /** Everything else, and the digests of the other three. */
  String MANIFEST = Storage.SEAL;

  /**
   * The whole content of a file.
   *
   * @param expected what it should be, or null if that is not known; whether it is, the caller
   *     looks
   * @throws IOException if there is no such file or it cannot be read
   */
  byte[] read(String name, FileEntry expected) throws IOException;

  /**
   * The files of a version.
   *
   * @param cache keeps those of which it is known what they should be; null: none
   */
  static CheckpointFiles in(Storage storage, String version, FileCache cache) {
    return (name, expected) ->
        cache == null || expected == null
            ? storage.read(version, name)
            : cache.get(expected.sha256(), () -> storage.read(version, name));
  }

  /** The files of a directory. */
  static CheckpointFiles in(Path directory) {
    return (name, expected) -> Files.readAllBytes(directory.resolve(name));
  }

  /** The resources of a class path folder. */
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
