/** Training speed, measured against the PyTorch baseline in the same run. */
package folio.trainer.benchmark;
