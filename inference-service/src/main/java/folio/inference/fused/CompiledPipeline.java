package folio.inference.fused;

/**
 * The pipeline, compiled for a network and a GPU.
 *
 * @param layout the layout that it was compiled for
 * @param slots the largest number of streams of a launch, a multiple of {@link
 *     PipelineLayout#GROUP}
 * @param binary a cubin
 */
record CompiledPipeline(PipelineLayout layout, int slots, byte[] binary) {}
