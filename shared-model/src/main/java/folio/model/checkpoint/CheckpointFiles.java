package folio.model.checkpoint;

import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.storage.FileCache;
import folio.model.storage.FileTooLargeException;
import folio.model.storage.RegularFiles;
import folio.model.storage.Storage;
import java.io.IOException;
import java.io.InputStream;
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

  /** The name of the file with everything else and the digests of the files that loaders read. */
  String MANIFEST = Storage.COMMIT_FILE;

  /** The size of the largest vocabulary file; one with every Unicode character is smaller. */
  long MAX_VOCABULARY_BYTES = 32L << 20;

  /**
   * Returns the content of a file.
   *
   * @param expected the size and digest that the file should have, or null if they are unknown; the
   *     caller verifies them
   * @throws FileTooLargeException if the file is larger than {@link #maxBytes}; it is not read
   * @throws IOException if the file does not exist or cannot be read
   */
  byte[] read(String name, FileEntry expected) throws IOException;

  /**
   * Returns the size in bytes of the largest file of a name: for the weights, half of the Java
   * heap, since the file is read into it while another model serves.
   */
  static long maxBytes(String name) {
    return switch (name) {
      case WEIGHTS -> Math.min(Integer.MAX_VALUE - 8L, Runtime.getRuntime().maxMemory() / 2);
      case VOCABULARY -> MAX_VOCABULARY_BYTES;
      default -> Storage.MAX_COMMIT_FILE_BYTES;
    };
  }

  /** Returns the largest size to read: the expected size, if it is known. */
  private static long maxBytes(String name, FileEntry expected) {
    return expected == null ? maxBytes(name) : Math.min(maxBytes(name), expected.sizeBytes());
  }

  /**
   * Returns the files of a version in a storage.
   *
   * @param cache caches the files whose digest is known; null to read each file from the storage
   */
  static CheckpointFiles in(Storage storage, String version, FileCache cache) {
    return (name, expected) -> {
      FileCache.Origin origin = () -> storage.read(version, name, maxBytes(name, expected));
      return cache == null || expected == null
          ? origin.read()
          : cache.get(expected.sha256(), origin);
    };
  }

  /** Returns the files of a directory. */
  static CheckpointFiles in(Path directory) {
    return (name, expected) -> RegularFiles.read(directory.resolve(name), maxBytes(name, expected));
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
