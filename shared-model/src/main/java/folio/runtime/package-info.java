/** Access to libtorch and the CUDA driver that DJL does not offer. */
package folio.runtime;
