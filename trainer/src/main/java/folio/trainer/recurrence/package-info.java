/** CUDA kernels that run the recurrence of a GRU layer over all characters of a batch. */
package folio.trainer.recurrence;
