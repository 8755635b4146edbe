/**
 * Decoding with a network's weights in the shared memory of a GPU: many characters a launch. What
 * the kernel does, and why, is told in {@code decode.cu}.
 */
package folio.inference.fused;
