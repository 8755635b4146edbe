/**
 * Functions that libtorch compiles from source, so that one call from Java runs many operations.
 */
package folio.runtime.torchscript;
