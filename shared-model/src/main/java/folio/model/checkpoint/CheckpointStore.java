package folio.model.checkpoint;

import folio.model.storage.DirectoryStorage;
import folio.model.storage.FileCache;
import folio.model.storage.PublishStep;
import folio.model.storage.Storage;
import folio.model.storage.StorageAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Checkpoints in a directory or a bucket. Reading needs no lock, as versions never change and
 * appear whole; a directory has one writer at a time, see {@link #write}. Safe for use by any
 * thread and process; {@code toString} is its address.
 */
public final class CheckpointStore {
  /** Of files that are kept on this machine's disk: some hundred versions of 8 MB. */
  private static final long MAX_CACHED_BYTES = 1L << 30;

  private final Storage storage;
  private final FileCache cache;

  /** Of versions that are far away, which never change. */
  private final Map<String, CheckpointManifest> manifests = new ConcurrentHashMap<>();

  /**
   * A store in a directory, which need not exist yet.
   *
   * @param root where the versions and {@code CURRENT} lie
   */
  public CheckpointStore(Path root) {
    this(new DirectoryStorage(root), null);
  }

  /**
   * A store in any storage.
   *
   * @param cache where what was read is kept, or null
   */
  CheckpointStore(Storage storage, FileCache cache) {
    this.storage = storage;
    this.cache = cache;
  }

  /**
   * The store at an address: a folder's path, {@code file:///FOLDER} or {@code s3://BUCKET/PREFIX}.
   * What is read from a bucket is kept in {@code $FOLIO_CACHE/checkpoints}, up to 1 GiB.
   *
   * @param environment the variables of this process: where S3 is, too
   * @throws IllegalArgumentException if it is none of these
   */
  public static CheckpointStore at(String address, Map<String, String> environment) {
    Storage storage = StorageAddress.open(address, environment);
    return new CheckpointStore(
        storage,
        storage.remote()
            ? new FileCache(
                FileCache.folderOf(environment).resolve("checkpoints"), MAX_CACHED_BYTES)
            : null);
  }

  /** Its address. */
  @Override
  public String toString() {
    return storage.toString();
  }

  /** Whether a text has the form of a version's name, {@code 20261123T184500Z-1a2b3c4d}. */
  public static boolean isVersion(String name) {
    return Storage.VERSION.matcher(name).matches();
  }

  /**
   * The version that {@code CURRENT} names, or nothing if there is no such file.
   *
   * @throws CheckpointException if it cannot be read or does not hold a version's name
   */
  public Optional<String> current() {
    Optional<String> name = reading(Storage.CURRENT, storage::current).map(String::strip);
    if (name.isPresent() && !isVersion(name.get())) {
      throw new CheckpointException(
          storage + "/" + Storage.CURRENT + " does not name a version: '" + name.get() + "'");
    }
    return name;
  }

  /**
   * The names of all versions, oldest first; none if there is nothing at its address.
   *
   * @throws CheckpointException if it cannot be read
   */
  public List<String> versions() {
    return reading("", storage::names).stream()
        .filter(CheckpointStore::isVersion)
        .sorted()
        .toList();
  }

  /**
   * Reads and verifies a version; what is on this machine's disk already is not read from afar.
   *
   * @throws CheckpointException if there is no such version or it is not whole
   */
  public Checkpoint open(String version) {
    return open(version, cache);
  }

  /**
   * Reads and verifies a version where others will read it.
   *
   * @throws CheckpointException if there is no such version or it is not whole
   */
  public Checkpoint verify(String version) {
    return open(version, null);
  }

  private Checkpoint open(String version, FileCache from) {
    checkExists(version);
    return Checkpoint.read(version, CheckpointFiles.in(storage, version, from));
  }

  /**
   * The manifest of a version, without a look at its other files.
   *
   * @throws CheckpointException if there is no such version or its manifest cannot be used
   */
  public CheckpointManifest manifest(String version) {
    return cache == null ? read(version) : manifests.computeIfAbsent(version, this::read);
  }

  private CheckpointManifest read(String version) {
    checkExists(version);
    byte[] manifest =
        reading(
            version + "/" + CheckpointFiles.MANIFEST,
            () -> storage.read(version, CheckpointFiles.MANIFEST));
    try {
      return CheckpointJson.readManifest(manifest);
    } catch (CheckpointException e) {
      throw new CheckpointException("checkpoint " + version + ": " + e.getMessage(), e);
    }
  }

  private void checkExists(String version) {
    if (!isVersion(version) || !reading(version, () -> storage.contains(version))) {
      throw new CheckpointException("there is no checkpoint " + version + " in " + storage);
    }
  }

  private interface Reading<T> {
    T take() throws IOException;
  }

  private <T> T reading(String what, Reading<T> reading) {
    try {
      return reading.take();
    } catch (IOException e) {
      String where = what.isEmpty() ? storage.toString() : storage + "/" + what;
      throw new CheckpointException(where + " cannot be read: " + e, e);
    }
  }

  /**
   * Opens the store for writing, creating its directory where needed. Waits a few seconds for
   * another writer of a directory: publishing takes milliseconds. In a bucket writers do not wait,
   * and of two that move {@code CURRENT} one is refused.
   *
   * @throws CheckpointException if it cannot be written, or another writer stays
   */
  public CheckpointWriter write() {
    return write(step -> {});
  }

  /**
   * As {@link #write()}, telling an observer of every step.
   *
   * @param observer called on the writing thread
   */
  public CheckpointWriter write(Consumer<PublishStep> observer) {
    try {
      return new CheckpointWriter(this, storage.write(observer));
    } catch (IOException e) {
      throw new CheckpointException(e.getMessage(), e);
    }
  }
}
