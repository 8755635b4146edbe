/**
 * The storage of versions: bytes by name, on a disk or in a bucket. The package does not interpret
 * the bytes.
 */
package folio.model.storage;
