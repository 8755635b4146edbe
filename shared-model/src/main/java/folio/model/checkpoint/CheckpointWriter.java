package folio.model.checkpoint;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.network.CharGru;
import folio.model.storage.Sha256;
import folio.model.storage.Storage;
import folio.model.storage.StorageWriter;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/**
 * A writer that publishes, promotes and deletes the checkpoints of a store. Owned by one thread;
 * {@link #close} releases the lock.
 */
public final class CheckpointWriter implements AutoCloseable {
  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final CheckpointReader store;
  private final StorageWriter storage;

  CheckpointWriter(CheckpointReader store, StorageWriter storage) {
    this.store = store;
    this.storage = storage;
  }

  /**
   * Writes a new version and leaves {@code CURRENT} unchanged.
   *
   * @return the name of the version, which sorts after every other name in the store
   * @throws CheckpointException if the version cannot be written; no part of it is visible then
   * @throws IllegalArgumentException if the vocabulary does not fit the network
   */
  public String publish(CheckpointDraft draft) {
    int characters = draft.vocabulary().size();
    if (characters != draft.network().config().vocabularySize()) {
      throw new IllegalArgumentException(
          "the vocabulary has "
              + characters
              + " characters, the network "
              + draft.network().config().vocabularySize());
    }
    Map<String, byte[]> files;
    String version;
    try (NDManager scratch = NDManager.newBaseManager(Device.cpu())) {
      NDList tensors = draft.network().tensors(scratch);
      if (draft.precision() == Precision.FLOAT16) {
        tensors = halve(tensors);
      }
      files = NetworkFiles.of(draft.network().config(), draft.vocabulary(), tensors);
      version = nextVersion(Sha256.hex(files.get(CheckpointFiles.WEIGHTS)));
      CheckpointManifest manifest = manifest(draft, version, files, measure(draft, tensors));
      CheckpointDescription description =
          new CheckpointDescription(
              version, draft.network().config(), draft.vocabulary(), manifest);
      files.put(ModelCard.FILE, ModelCard.of(description));
      files.put(CheckpointFiles.MANIFEST, CheckpointJson.write(manifest));
    }
    try {
      storage.add(version, files);
      return version;
    } catch (IOException e) {
      throw new CheckpointException(
          "checkpoint " + version + " cannot be written to " + store + ": " + e, e);
    }
  }

  /**
   * Returns the canary of the stored weights, since float16 weights have another loss than the
   * network's. The loss is computed on a CPU in float32, on whichever device the network was
   * trained.
   */
  private static Canary measure(CheckpointDraft draft, NDList tensors) {
    try (NDManager scratch = NDManager.newBaseManager(Device.cpu());
        CharGru stored = new CharGru(scratch, draft.network().config(), tensors)) {
      return Canary.measure(scratch, stored, draft.vocabulary(), draft.canaryText());
    }
  }

  private static NDList halve(NDList tensors) {
    NDList halves = new NDList();
    for (NDArray tensor : tensors) {
      NDArray half = tensor.toType(DataType.FLOAT16, true);
      half.setName(tensor.getName());
      halves.add(half);
    }
    return halves;
  }

  private static CheckpointManifest manifest(
      CheckpointDraft draft, String version, Map<String, byte[]> files, Canary canary) {
    CheckpointDraft.Origin origin = draft.origin();
    return new CheckpointManifest(
        CheckpointManifest.FORMAT,
        version,
        origin.parent(),
        origin.run(),
        origin.step(),
        origin.corpus(),
        origin.losses(),
        origin.settings(),
        FileEntry.ofAll(files),
        canary,
        origin.documentSeparator());
  }

  /** Returns a name that sorts after the last one, even if both were made within one second. */
  private String nextVersion(String weightsDigest) {
    Instant time = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    List<String> versions = store.versions();
    if (!versions.isEmpty()) {
      String last = versions.get(versions.size() - 1);
      Instant afterLast =
          TIMESTAMP.parse(last.substring(0, last.indexOf('-')), Instant::from).plusSeconds(1);
      time = afterLast.isAfter(time) ? afterLast : time;
    }
    return TIMESTAMP.format(time) + "-" + weightsDigest.substring(0, 8);
  }

  /**
   * Makes {@code CURRENT} name a version.
   *
   * @throws PromotionConflictException if another writer of the bucket has changed {@code CURRENT}
   * @throws CheckpointException if the version does not exist or is not intact, or if {@code
   *     CURRENT} cannot be written
   */
  public void promote(String version) {
    store.verify(version);
    try {
      storage.moveCurrent(version);
    } catch (FileAlreadyExistsException e) {
      throw new PromotionConflictException(
          Storage.CURRENT + " cannot be written in " + store + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new CheckpointException(
          Storage.CURRENT + " cannot be written in " + store + ": " + e, e);
    }
  }

  /**
   * Deletes a version.
   *
   * @throws CheckpointException if the version does not exist, if {@code CURRENT} names it, or if
   *     it cannot be deleted
   */
  public void delete(String version) {
    if (store.current().filter(version::equals).isPresent()) {
      throw new CheckpointException(
          "checkpoint " + version + " is CURRENT; promote another one before deleting it");
    }
    if (!store.versions().contains(version)) {
      throw new CheckpointException("there is no checkpoint " + version + " in " + store);
    }
    try {
      storage.delete(version);
    } catch (IOException e) {
      throw new CheckpointException("checkpoint " + version + " cannot be deleted: " + e, e);
    }
  }

  /** Releases the store for the next writer. */
  @Override
  public void close() {
    try {
      storage.close();
    } catch (IOException e) {
      throw new CheckpointException(store + " cannot be closed: " + e, e);
    }
  }
}
