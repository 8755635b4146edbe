package folio.model.checkpoint;

import folio.model.network.CharGruConfig;
import folio.model.storage.FileCache;
import folio.model.storage.Storage;
import folio.model.text.PrintableText;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A reader of the checkpoints of a store. Reading needs no lock, because a version becomes visible
 * in one step and never changes. Safe for use by any thread and process.
 */
public class CheckpointReader {
  final Storage storage;
  private final FileCache cache;

  /** The manifests of a remote storage, by version. They never change. */
  private final Map<String, CheckpointManifest> manifests = new ConcurrentHashMap<>();

  /**
   * Creates a reader of a storage.
   *
   * @param cache the disk cache of a remote storage, or null for a local storage
   */
  CheckpointReader(Storage storage, FileCache cache) {
    this.storage = storage;
    this.cache = cache;
  }

  /** Returns the address of the store. */
  @Override
  public final String toString() {
    return storage.toString();
  }

  /** Returns whether a text has the form of a version's name, {@code 20261123T184500Z-1a2b3c4d}. */
  public static boolean isVersion(String name) {
    return Storage.VERSION.matcher(name).matches();
  }

  /**
   * Returns the version that {@code CURRENT} names, or empty if that file does not exist.
   *
   * @throws CheckpointException if the file cannot be read or does not hold a version's name
   */
  public final Optional<String> current() {
    Optional<String> name = wrapErrors(Storage.CURRENT, storage::current).map(String::strip);
    if (name.isPresent() && !isVersion(name.get())) {
      throw new CheckpointException(
          storage
              + "/"
              + Storage.CURRENT
              + " does not name a version: '"
              + PrintableText.escape(name.get())
              + "'");
    }
    return name;
  }

  /**
   * Returns the names of all versions, oldest first; an empty list if the store does not exist.
   *
   * @throws CheckpointException if the store cannot be read
   */
  public final List<String> versions() {
    return wrapErrors("", storage::names).stream()
        .filter(CheckpointReader::isVersion)
        .sorted()
        .toList();
  }

  /**
   * Reads and verifies a version. Files in the disk cache are not downloaded again.
   *
   * @throws CheckpointException if the version does not exist or is not intact
   */
  public final Checkpoint open(String version) {
    return open(version, cache);
  }

  /**
   * Reads and verifies the stored copy of a version and bypasses the disk cache.
   *
   * @throws CheckpointException if the version does not exist or is not intact
   */
  public final Checkpoint verify(String version) {
    return open(version, null);
  }

  private Checkpoint open(String version, FileCache from) {
    checkExists(version);
    Checkpoint checkpoint = Checkpoint.read(version, CheckpointFiles.in(storage, version, from));
    checkName(version, checkpoint.description().manifest());
    return checkpoint;
  }

  private static void checkName(String version, CheckpointManifest manifest) {
    if (!version.equals(manifest.version())) {
      throw new CheckpointException(
          "checkpoint "
              + version
              + ": manifest.json: version is "
              + PrintableText.escape(String.valueOf(manifest.version()))
              + "; it must be the name of its folder");
    }
  }

  /**
   * Returns the manifest of a version without reading the other files.
   *
   * @throws CheckpointException if the version does not exist or its manifest is not legal
   */
  public final CheckpointManifest manifest(String version) {
    return cache == null ? read(version) : manifests.computeIfAbsent(version, this::read);
  }

  /**
   * Returns the architecture of a version without reading its weights.
   *
   * @throws CheckpointException if the version does not exist or its files are not legal
   */
  public final CharGruConfig config(String version) {
    CheckpointManifest manifest = manifest(version);
    CheckpointFiles files = CheckpointFiles.in(storage, version, cache);
    String name = CheckpointFiles.CONFIG;
    return CheckpointJson.readConfig(
        wrapErrors(version + "/" + name, () -> files.read(name, manifest.files().get(name))));
  }

  private CheckpointManifest read(String version) {
    checkExists(version);
    byte[] manifest =
        wrapErrors(
            version + "/" + CheckpointFiles.MANIFEST,
            () -> storage.read(version, CheckpointFiles.MANIFEST, Storage.MAX_COMMIT_FILE_BYTES));
    CheckpointManifest parsed = parse(version, manifest);
    checkName(version, parsed);
    return parsed;
  }

  private static CheckpointManifest parse(String version, byte[] manifest) {
    try {
      return CheckpointJson.readManifest(manifest);
    } catch (CheckpointException e) {
      throw new CheckpointException("checkpoint " + version + ": " + e.getMessage(), e);
    }
  }

  /**
   * Returns a text that changes when a file of a version does, or empty if the store cannot tell
   * cheaply. A reader that has rejected a version tries it again when the text changes.
   *
   * @throws CheckpointException if the store cannot be read
   */
  public final Optional<String> stamp(String version) {
    return wrapErrors(version, () -> storage.stamp(version));
  }

  private void checkExists(String version) {
    if (!isVersion(version) || !wrapErrors(version, () -> storage.contains(version))) {
      throw new CheckpointException("there is no checkpoint " + version + " in " + storage);
    }
  }

  private interface IoCall<T> {
    T run() throws IOException;
  }

  /** Runs a call and wraps its error in an exception that names the path. */
  private <T> T wrapErrors(String path, IoCall<T> call) {
    try {
      return call.run();
    } catch (IOException e) {
      String where = path.isEmpty() ? storage.toString() : storage + "/" + path;
      throw new CheckpointException(where + " cannot be read: " + e, e);
    }
  }
}
