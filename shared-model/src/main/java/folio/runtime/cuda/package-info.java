/** Streams and graphs of CUDA's driver, which DJL does not offer; nothing here is used on a CPU. */
package folio.runtime.cuda;
