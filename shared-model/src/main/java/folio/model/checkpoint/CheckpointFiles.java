package folio.model.checkpoint;

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
  String MANIFEST = "manifest.json";

  /**
   * The whole content of a file.
   *
   * @throws IOException if there is no such file or it cannot be read
   */
  byte[] read(String name) throws IOException;

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
