package folio.model.checkpoint;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.network.CharGru;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The one writer of a store. Every change becomes visible in one rename, after what it shows is on
 * disk. Owned by one thread; {@link #close} lets the next writer in.
 */
public final class CheckpointWriter implements AutoCloseable {
  /** Names of what is not, or no longer, a version begin with this. */
  private static final String TEMPORARY = ".tmp-";

  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final CheckpointStore store;
  private final Consumer<PublishStep> observer;
  private final DirectoryLock lock;

  CheckpointWriter(CheckpointStore store, Consumer<PublishStep> observer) {
    this.store = store;
    this.observer = observer;
    this.lock = DirectoryLock.acquire(store.root());
    try {
      removeLeftovers();
      observer.accept(PublishStep.LOCKED);
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Writes a new version; {@code CURRENT} stays as it is.
   *
   * @return its name, later than every other in the store
   * @throws CheckpointException if it cannot be written; nothing of it is left then
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
    Map<String, byte[]> files = new LinkedHashMap<>();
    String version;
    try (NDManager scratch = NDManager.newBaseManager(Device.cpu())) {
      NDList tensors = draft.network().tensors(scratch);
      if (draft.precision() == Precision.FLOAT16) {
        tensors = halve(tensors);
      }
      byte[] weights = Safetensors.write(tensors, Map.of("format", "pt"));
      files.put(CheckpointFiles.WEIGHTS, weights);
      files.put(CheckpointFiles.VOCABULARY, CheckpointJson.write(draft.vocabulary()));
      files.put(CheckpointFiles.CONFIG, CheckpointJson.write(draft.network().config()));
      version = nextVersion(Sha256.hex(weights));
      CheckpointManifest manifest = manifest(draft, version, files, measure(draft, tensors));
      files.put(CheckpointFiles.MANIFEST, CheckpointJson.write(manifest));
    }
    Path temporary = store.root().resolve(TEMPORARY + version);
    try {
      writeVersion(temporary, store.root().resolve(version), files);
      return version;
    } catch (IOException e) {
      deleteQuietly(temporary);
      throw new CheckpointException(
          "checkpoint " + version + " cannot be written to " + store.root() + ": " + e, e);
    }
  }

  /**
   * The canary of what was stored: halved weights have another loss. Measured on a CPU, in full
   * precision, whichever device trained.
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
    Map<String, FileEntry> entries = new TreeMap<>();
    files.forEach(
        (name, bytes) -> entries.put(name, new FileEntry(bytes.length, Sha256.hex(bytes))));
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
        entries,
        canary);
  }

  /** Names sort by time, so a name is later than the last one even within one second. */
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

  private void writeVersion(Path temporary, Path target, Map<String, byte[]> files)
      throws IOException {
    Files.createDirectory(temporary);
    observer.accept(PublishStep.DIRECTORY_CREATED);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      DurableFiles.write(temporary.resolve(file.getKey()), file.getValue());
      observer.accept(PublishStep.FILE_WRITTEN);
    }
    DurableFiles.syncDirectory(temporary);
    observer.accept(PublishStep.FILES_SYNCED);
    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    observer.accept(PublishStep.VERSION_RENAMED);
    DurableFiles.syncDirectory(store.root());
    observer.accept(PublishStep.VERSION_SYNCED);
  }

  /**
   * Makes {@code CURRENT} name a version.
   *
   * @throws CheckpointException if there is no such version, it is not whole, or {@code CURRENT}
   *     cannot be written; the old one stands then
   */
  public void promote(String version) {
    store.open(version);
    Path temporary = store.root().resolve(TEMPORARY + CheckpointStore.CURRENT);
    try {
      DurableFiles.write(temporary, (version + "\n").getBytes(StandardCharsets.UTF_8));
      observer.accept(PublishStep.CURRENT_WRITTEN);
      Files.move(
          temporary, store.root().resolve(CheckpointStore.CURRENT), StandardCopyOption.ATOMIC_MOVE);
      observer.accept(PublishStep.CURRENT_RENAMED);
      DurableFiles.syncDirectory(store.root());
      observer.accept(PublishStep.CURRENT_SYNCED);
    } catch (IOException e) {
      throw new CheckpointException(
          CheckpointStore.CURRENT + " cannot be written in " + store.root() + ": " + e, e);
    }
  }

  /**
   * Deletes a version.
   *
   * @throws CheckpointException if there is no such version, {@code CURRENT} names it, or it cannot
   *     be deleted
   */
  public void delete(String version) {
    if (store.current().filter(version::equals).isPresent()) {
      throw new CheckpointException(
          "checkpoint " + version + " is CURRENT; promote another one before deleting it");
    }
    if (!store.versions().contains(version)) {
      throw new CheckpointException("there is no checkpoint " + version + " in " + store.root());
    }
    Path hidden = store.root().resolve(TEMPORARY + version);
    try {
      // A reader sees it whole or not at all, so it leaves in one rename.
      Files.move(store.root().resolve(version), hidden, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.syncDirectory(store.root());
      deleteRecursively(hidden);
    } catch (IOException e) {
      throw new CheckpointException("checkpoint " + version + " cannot be deleted: " + e, e);
    }
  }

  /** What a writer that was killed left behind. */
  private void removeLeftovers() {
    try (Stream<Path> children = Files.list(store.root())) {
      List<Path> leftovers =
          children.filter(c -> c.getFileName().toString().startsWith(TEMPORARY)).toList();
      for (Path leftover : leftovers) {
        deleteRecursively(leftover);
      }
    } catch (IOException e) {
      throw new CheckpointException(store.root() + " cannot be cleaned up: " + e, e);
    }
  }

  private static void deleteQuietly(Path path) {
    try {
      deleteRecursively(path);
    } catch (IOException e) {
      // The disk that could not be written may not let go either; the next writer cleans up.
    }
  }

  private static void deleteRecursively(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      try (Stream<Path> children = Files.list(path)) {
        for (Path child : children.toList()) {
          deleteRecursively(child);
        }
      }
    }
    Files.deleteIfExists(path);
  }

  /** Lets the next writer in. */
  @Override
  public void close() {
    lock.close();
  }
}
