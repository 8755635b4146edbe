package folio.inference.fused;

/**
 * The persistent kernel, compiled for a network and a GPU.
 *
 * @param layout the layout that the kernel was compiled for
 * @param slots the largest number of streams of a launch, a multiple of {@link KernelLayout#TILE}
 * @param binary a cubin
 */
record CompiledKernel(KernelLayout layout, int slots, byte[] binary) {}
