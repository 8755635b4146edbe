package folio.model.storage;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The records of training runs in a storage, one file a run: {@code runs/RUN/metrics.jsonl}. A
 * record has one writer, its run, and is replaced as a whole. Safe for use by any thread and
 * process.
 */
public interface RunStorage {
  /**
   * The form of a run's name, a UUID. It keeps a name from leaving the folder of the runs. Other
   * names in the folder, such as a run's own folder on the same volume, are no records.
   */
  Pattern NAME = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  /** The folder of the runs in a storage. */
  String FOLDER = "runs";

  /** The file of a run. */
  String FILE = "metrics.jsonl";

  /**
   * A run in the storage.
   *
   * @param modified when its record was written, by the clock of the storage
   */
  record StoredRun(String name, Instant modified) {}

  /** Returns the runs in no particular order; an empty list if the storage does not exist. */
  List<StoredRun> list() throws IOException;

  /**
   * Returns the record of a run.
   *
   * @param maxBytes the size of the largest record that is accepted
   * @throws java.nio.file.NoSuchFileException if there is no such run
   * @throws FileTooLargeException if the record is larger; it is not read
   */
  byte[] read(String run, long maxBytes) throws IOException;

  /** Writes or replaces the record of a run; a reader sees the old one or the new one. */
  void write(String run, byte[] record) throws IOException;

  /** Deletes a run if it exists. */
  void delete(String run) throws IOException;
}
