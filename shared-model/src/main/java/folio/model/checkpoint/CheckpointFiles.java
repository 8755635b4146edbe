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
   * @throws IOException if there is no such file or it cannot be read
   */
  byte[] read(String name) throws IOException;

  /**
   * The whole content of a file of which it is known what it should be. Whether it is, the caller
   * looks.
   *
   * @throws IOException if there is no such file or it cannot be read
   */
  default byte[] read(String name, FileEntry expected) throws IOException {
    return read(name);
  }

  /** The files of a version. */
  static CheckpointFiles in(Storage storage, String version) {
    return name -> storage.read(version, name);
  }

  /** The files of a version, kept in a cache: all but the manifest, which tells their digests. */
  static CheckpointFiles in(Storage storage, String version, FileCache cache) {
    return new CheckpointFiles() {
      @Override
      public byte[] read(String name) throws IOException {
        return storage.read(version, name);
      }

      @Override
      public byte[] read(String name, FileEntry expected) throws IOException {
        return cache.get(expected.sha256(), () -> read(name));
      }
    };
  }

  /** The files of a directory. */
  static CheckpointFiles in(Path directory) {
    return name -> Files.readAllBytes(directory.resolve(name));
  }

  /** The resources of a class path folder. */
  static CheckpointFiles onClassPath(String folder) {
    return name -> {
      try (InputStream in = CheckpointFiles.class.getResourceAsStream(folder + "/" + name)) {
        if (in == null) {
          throw new IOException("no resource " + folder + "/" + name);
        }
        return in.readAllBytes();
      }
    };
  }
}
