package folio.model.checkpoint;

import folio.model.storage.DirectoryStorage;
import folio.model.storage.FileCache;
import folio.model.storage.PublishStep;
import folio.model.storage.Storage;
import folio.model.storage.StorageAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The checkpoints in a directory or a bucket. A directory has one writer at a time, see {@link
 * #write}. Safe for use by any thread and process; {@code toString} returns its address.
 */
public final class CheckpointStore extends CheckpointReader {
  /** The largest total size of the files in the disk cache: about 100 versions of 8 MB. */
  private static final long MAX_CACHED_BYTES = 1L << 30;

  /**
   * Creates a store in a directory, which need not exist yet.
   *
   * @param root the directory of the versions and {@code CURRENT}
   */
  public CheckpointStore(Path root) {
    this(new DirectoryStorage(root), null);
  }

  CheckpointStore(Storage storage, FileCache cache) {
    super(storage, cache);
  }

  /**
   * Returns the store at an address: a folder's path, {@code file:///FOLDER} or {@code
   * s3://BUCKET/PREFIX}. Files from a bucket are cached in {@code $FOLIO_CACHE/checkpoints}, up to
   * 1 GiB.
   *
   * @param environment the environment variables of the process, with the settings of the S3 client
   * @throws IllegalArgumentException if the address has none of these forms
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

  /**
   * Opens the store for writing and creates its directory if it is missing. In a directory, this
   * method waits a few seconds until another writer has closed; publishing takes milliseconds. In a
   * bucket, writers do not wait, and of two writers that move {@code CURRENT} the slower one fails.
   *
   * @throws CheckpointException if the store cannot be written, or if another writer stays open
   */
  public CheckpointWriter write() {
    return write(step -> {});
  }

  /**
   * Opens the store for writing and reports every step of the writer to an observer.
   *
   * @param observer receives each step on the writing thread
   * @throws CheckpointException if the store cannot be written, or if another writer stays open
   */
  public CheckpointWriter write(Consumer<PublishStep> observer) {
    try {
      return new CheckpointWriter(this, storage.write(observer));
    } catch (IOException e) {
      throw new CheckpointException(e.getMessage(), e);
    }
  }
}
