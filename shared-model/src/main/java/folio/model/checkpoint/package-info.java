/**
 * The format of a checkpoint store, in a directory or a bucket. A store holds versions, which are
 * immutable folders {@code <version>/}, and a file {@code CURRENT} that names one of them. A reader
 * sees a complete version or none.
 */
package folio.model.checkpoint;
