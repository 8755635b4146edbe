package folio.model.storage;

/** What a writer has just done. A process may die after any of these and nothing is lost. */
public enum PublishStep {
  /** The storage is open for writing; a directory is locked against other writers. */
  OPENED,
  /** An empty temporary directory stands beside the versions; not in a bucket. */
  DIRECTORY_CREATED,
  /** One more file of the version is written, and nobody sees it. */
  FILE_WRITTEN,
  /** The names of all files in the temporary directory are on disk; not in a bucket. */
  FILES_SYNCED,
  /** The version is there. */
  VERSION_VISIBLE,
  /** It would be there after a loss of power, too; not in a bucket. */
  VERSION_SYNCED,
  /** A temporary file with the new content of {@code CURRENT} is on disk; not in a bucket. */
  CURRENT_WRITTEN,
  /** {@code CURRENT} has its new content. */
  CURRENT_MOVED,
  /** It would have it after a loss of power, too; not in a bucket. */
  CURRENT_SYNCED
}
