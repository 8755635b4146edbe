/**
 * Fused decoding on a GPU: a persistent kernel keeps a network's weights in shared memory and
 * generates many characters of many streams in one launch. {@code decode.cu} and {@code
 * pipeline.cu} describe its forms, and {@code launch.cuh}, {@code layout.cuh} and {@code
 * pipeline_layout.cuh} what the host mirrors.
 */
package folio.inference.fused;
