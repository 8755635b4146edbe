/**
 * The programs under test and their input: the packaged service, the engine inside this process,
 * and a temporary store with untrained checkpoints.
 */
package folio.benchmark.subject;
