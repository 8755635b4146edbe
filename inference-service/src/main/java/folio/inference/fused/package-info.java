/**
 * Fused decoding on a GPU: a persistent kernel keeps a network's weights in shared memory and
 * generates many characters of many streams in one launch. {@code decode.cu} describes the kernel.
 */
package folio.inference.fused;
