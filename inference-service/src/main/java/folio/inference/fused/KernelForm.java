package folio.inference.fused;

import folio.runtime.cuda.CudaKernel;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.CudaStream;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * A form of the persistent kernel on a device, with the weights in its order.
 *
 * @param blocks number of blocks of a launch
 * @param threads number of threads of a block
 * @param slots rounds a number of streams up to whole tiles or groups
 * @param sharedBytes the dynamic shared memory of a block for a number of slots, in bytes
 * @param weights the memory that the first five pointers of {@code struct Launch} point at
 */
record KernelForm(
    CudaKernel kernel,
    int blocks,
    int threads,
    IntUnaryOperator slots,
    IntUnaryOperator sharedBytes,
    List<CudaMemory> weights) {
  /**
   * Launches the form.
   *
   * @param missing the number of blocks that do not run: 0, except in tests
   */
  void launch(CudaStream stream, int missing, LaunchStruct launch) {
    int launchSlots = slots.applyAsInt(launch.count());
    kernel.launchCooperatively(
        stream,
        blocks - missing,
        threads,
        sharedBytes.applyAsInt(launchSlots),
        launch.encode(weights, launchSlots));
  }
}
