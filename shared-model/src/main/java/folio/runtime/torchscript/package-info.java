/** Functions that libtorch compiles from source: one call from Java for many operations. */
package folio.runtime.torchscript;
