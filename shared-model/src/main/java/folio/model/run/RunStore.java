package folio.model.run;

import folio.model.storage.RunStorage;
import folio.model.storage.RunStorage.StoredRun;
import folio.model.storage.Storage;
import folio.model.storage.StorageAddress;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The training runs in a store, next to its checkpoints. A run writes its record while it trains;
 * readers need no lock. Safe for use by any thread and process; {@code toString} returns its
 * address.
 */
public final class RunStore {
  /** The size in bytes of the largest record. */
  public static final int MAX_RECORD_BYTES = 4 << 20;

  private final Storage storage;
  private final RunStorage runs;

  private RunStore(Storage storage) {
    this.storage = storage;
    this.runs = storage.runs();
  }

  /**
   * Returns the runs in the store at an address. This method does not access the store.
   *
   * @param environment the environment variables of the process, with the settings of the S3 client
   * @throws IllegalArgumentException if the address is not legal
   */
  public static RunStore at(String address, Map<String, String> environment) {
    return new RunStore(StorageAddress.open(address, environment));
  }

  /**
   * Returns the runs, those that were written last first.
   *
   * @throws IOException if the store cannot be read
   */
  public List<StoredRun> newest(int count) throws IOException {
    return runs.list().stream()
        .sorted(Comparator.comparing(StoredRun::modified).reversed())
        .limit(count)
        .toList();
  }

  /**
   * Returns the record of a run, or empty if there is no such run.
   *
   * @throws IOException if the record cannot be read or is larger than {@link #MAX_RECORD_BYTES}
   */
  public Optional<RunEvents> read(String run) throws IOException {
    if (!RunStorage.NAME.matcher(run).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(RunEvents.parse(runs.read(run, MAX_RECORD_BYTES)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Writes or replaces the record of a run; a reader sees the old one or the new one.
   *
   * @throws IOException if the store cannot be written
   */
  public void write(String run, RunEvents events) throws IOException {
    runs.write(run, events.toBytes());
  }

  /**
   * Deletes all runs but those that were written last.
   *
   * @throws IOException if the store cannot be read or written
   */
  public void deleteAllBut(int newest) throws IOException {
    for (StoredRun old : newest(Integer.MAX_VALUE).stream().skip(newest).toList()) {
      runs.delete(old.name());
    }
  }

  /** Returns the address of the store. */
  @Override
  public String toString() {
    return storage.toString();
  }
}
