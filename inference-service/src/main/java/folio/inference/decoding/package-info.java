/** The network as it is served: steps and prompts of many rows, one TorchScript call each. */
package folio.inference.decoding;
