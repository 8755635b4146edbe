package folio.benchmark;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.CheckpointDraft;
import folio.model.checkpoint.CheckpointDraft.Origin;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** A checkpoint store that is deleted when it is closed. Owned by one thread, but for closing. */
final class TemporaryStore implements AutoCloseable {
  /**
   * A network that nobody trained.
   *
   * @param seed decides its weights
   */
  record Untrained(CharGruConfig config, Vocabulary vocabulary, Precision precision, long seed) {}

  private final Path root;
  private final CheckpointStore store;

  /** An empty store in the folder for temporary files. */
  TemporaryStore() {
    try {
      root = Files.createTempDirectory("folio-checkpoints-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    store = new CheckpointStore(root);
  }

  CheckpointStore store() {
    return store;
  }

  /** The directory of all versions. */
  Path root() {
    return root;
  }

  /** The directory of a version. */
  Path directory(String version) {
    return root.resolve(version);
  }

  /**
   * Publishes an untrained network; {@code CURRENT} stays.
   *
   * @return its version
   */
  String publish(Untrained model) {
    try (CheckpointWriter writer = store.write();
        NDManager manager = NDManager.newBaseManager(Device.cpu());
        CharGru network =
            CharGru.initialize(manager, model.config(), new SplittableRandom(model.seed()))) {
      String characters = String.join("", model.vocabulary().characters()).repeat(2);
      Origin origin = new Origin(null, "untrained", 0, null, null, Map.of());
      return writer.publish(
          new CheckpointDraft(network, model.vocabulary(), model.precision(), characters, origin));
    }
  }

  /** Makes {@code CURRENT} name a version. */
  void promote(String version) {
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
  }

  /** Deletes all versions but the newest ones; {@code CURRENT} must be among these. */
  void keepNewest(int count) {
    List<String> versions = store.versions();
    try (CheckpointWriter writer = store.write()) {
      versions.subList(0, Math.max(0, versions.size() - count)).forEach(writer::delete);
    }
  }

  /**
   * Serves a checkpoint that lies elsewhere; nothing is copied.
   *
   * @param checkpoint a directory with the name of its version
   * @throws IllegalArgumentException if it is not
   */
  void serve(Path checkpoint) {
    Path directory = checkpoint.toAbsolutePath().normalize();
    String version = String.valueOf(directory.getFileName());
    if (!Files.isDirectory(directory) || !CheckpointStore.isVersion(version)) {
      throw new IllegalArgumentException(
          "legal is the directory of a version, such as checkpoints/20261123T184500Z-1a2b3c4d");
    }
    try {
      Files.createSymbolicLink(directory(version), directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    promote(version);
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.walk(root)) { // does not follow links
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
