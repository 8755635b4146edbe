/**
 * The contract on disk. A store holds versions, which are immutable folders {@code <version>/}, and
 * a file {@code CURRENT} that names one of them. A reader sees a complete version or none.
 */
package folio.model.checkpoint;
