package folio.model.checkpoint;

/** What a writer has just done. A process may die after any of these and nothing is lost. */
public enum PublishStep {
  /** The store is locked against other writers. */
  LOCKED,
  /** An empty temporary directory stands beside the versions. */
  DIRECTORY_CREATED,
  /** One more file of the checkpoint is on disk, under the temporary name. */
  FILE_WRITTEN,
  /** So are the names of all files in the temporary directory. */
  FILES_SYNCED,
  /** The temporary directory has the version's name. */
  VERSION_RENAMED,
  /** The new name is on disk. */
  VERSION_SYNCED,
  /** A temporary file with the new content of {@code CURRENT} is on disk. */
  CURRENT_WRITTEN,
  /** {@code CURRENT} has its new content. */
  CURRENT_RENAMED,
  /** The new {@code CURRENT} is on disk. */
  CURRENT_SYNCED
}
