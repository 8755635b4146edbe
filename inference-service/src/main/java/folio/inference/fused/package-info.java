/**
 * Fused decoding on a GPU: a persistent kernel keeps a network's weights in shared memory and
 * generates many characters of many streams in one launch. {@code decode.cu} describes the kernel,
 * and {@code layout.cuh} what the host mirrors.
 */
package folio.inference.fused;
