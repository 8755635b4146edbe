package folio.model.storage;

/** A step that a writer has just completed. If the process dies after any step, no data is lost. */
public enum PublishStep {
  /** The storage is open for writing; a directory is locked against other writers. */
  OPENED,
  /** An empty temporary directory exists next to the versions; not in a bucket. */
  DIRECTORY_CREATED,
  /** One more file of the version is written and not yet visible. */
  FILE_WRITTEN,
  /** The names of all files in the temporary directory are on disk; not in a bucket. */
  FILES_SYNCED,
  /** The version is visible. */
  VERSION_VISIBLE,
  /** The version would survive a loss of power; not in a bucket. */
  VERSION_SYNCED,
  /** A temporary file with the new content of {@code CURRENT} is on disk; not in a bucket. */
  CURRENT_WRITTEN,
  /** {@code CURRENT} has its new content. */
  CURRENT_MOVED,
  /** The new content of {@code CURRENT} would survive a loss of power; not in a bucket. */
  CURRENT_SYNCED
}
