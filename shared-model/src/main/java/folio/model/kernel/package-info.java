/** CUDA kernels: their sources on the class path and their compiled binaries. */
package folio.model.kernel;
