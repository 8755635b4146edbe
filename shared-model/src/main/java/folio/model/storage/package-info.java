/**
 * Where checkpoints lie: bytes by name, on a disk or in a bucket. Knows nothing of what they mean.
 */
package folio.model.storage;
