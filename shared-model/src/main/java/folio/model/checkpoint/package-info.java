/**
 * The contract on disk. A store is a directory; {@code <version>/} in it is immutable and {@code
 * CURRENT} names one version. A reader sees a version whole or not at all.
 */
package folio.model.checkpoint;
