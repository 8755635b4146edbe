/** Training speed, compared with a PyTorch baseline that is measured in the same run. */
package folio.trainer.benchmark;
