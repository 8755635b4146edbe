/** Decoders that use libtorch: steps and prompts of a batch of rows, one TorchScript call each. */
package folio.inference.decoding;
