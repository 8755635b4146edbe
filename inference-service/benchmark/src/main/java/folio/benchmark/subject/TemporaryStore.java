package folio.benchmark.subject;

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

/**
 * A checkpoint store in a temporary folder; closing the store deletes the folder. Owned by one
 * thread, except for {@link #close}.
 */
public final class TemporaryStore implements AutoCloseable {
  /**
   * The description of a network with random weights.
   *
   * @param seed the seed of the weights
   */
  public record UntrainedModel(
      CharGruConfig config, Vocabulary vocabulary, Precision precision, long seed) {}

  private final Path root;
  private final CheckpointStore store;

  /** Creates an empty store. */
  public TemporaryStore() {
    try {
      root = Files.createTempDirectory("folio-checkpoints-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    store = new CheckpointStore(root);
  }

  /** Returns the store's content. */
  public CheckpointStore store() {
    return store;
  }

  /** Returns the directory of all versions. */
  public Path root() {
    return root;
  }

  /** Returns the directory of a version. */
  public Path directory(String version) {
    return root.resolve(version);
  }

  /**
   * Publishes an untrained network without changing {@code CURRENT}.
   *
   * @return the new version
   */
  public String publish(UntrainedModel model) {
    try (CheckpointWriter writer = store.write();
        NDManager manager = NDManager.newBaseManager(Device.cpu());
        CharGru network =
            CharGru.initialize(manager, model.config(), new SplittableRandom(model.seed()))) {
      String characters = String.join("", model.vocabulary().characters()).repeat(2);
      Origin origin = new Origin(null, "untrained", 0, null, null, Map.of(), null);
      return writer.publish(
          new CheckpointDraft(network, model.vocabulary(), model.precision(), characters, origin));
    }
  }

  /** Makes {@code CURRENT} name a version. */
  public void promote(String version) {
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
  }

  /**
   * Deletes all versions except the newest.
   *
   * @param count the number of versions that remain; {@code CURRENT} must name one of them
   */
  public void deleteAllButNewest(int count) {
    List<String> versions = store.versions();
    try (CheckpointWriter writer = store.write()) {
      versions.subList(0, Math.max(0, versions.size() - count)).forEach(writer::delete);
    }
  }

  /**
   * Adds a checkpoint of another store through a symbolic link, and promotes it.
   *
   * @param checkpoint a directory whose name is a version
   * @throws IllegalArgumentException if the path is not such a directory
   */
  public void linkAndPromote(Path checkpoint) {
    Path directory = checkpoint.toAbsolutePath().normalize();
    String version = String.valueOf(directory.getFileName());
    if (!Files.isDirectory(directory) || !CheckpointStore.isVersion(version)) {
      throw new IllegalArgumentException(
          "it must be the directory of a version, such as checkpoints/20261123T184500Z-1a2b3c4d");
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
    try (Stream<Path> files = Files.walk(root)) { // does not follow the links to other stores
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
