/**
 * Batches: a file of requests, each answered by a service or in this process, and the file of their
 * answers.
 */
package folio.trainer.batch;
