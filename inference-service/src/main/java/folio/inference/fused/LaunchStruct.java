package folio.inference.fused;

import folio.runtime.cuda.CudaMemory;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The parameter of a launch, which mirrors {@code struct Launch} of {@code launch.cuh} without the
 * weights. Arrays are addresses of device memory; the shapes are in {@code launch.cuh}.
 *
 * @param states float32 states of the streams, read and written
 * @param outputs scratch for what the blocks publish, see {@link KernelLayout#outputBytes} and
 *     {@link PipelineLayout#outputBytes}
 * @param streams one {@link StreamStruct} per stream
 * @param forced forced ids of all streams
 * @param seen bit sets of the ids that have occurred, read and written
 * @param current scratch for the last id of each stream
 * @param idsOut int32 {@code [count][steps]}, receives the ids
 * @param logitsOut float32 {@code [streams with a row][steps][V]}, receives the logits that plans
 *     ask for, or 0
 * @param control three zeros, which become the barrier's counter, 1 on a timeout, and the duration
 *     in nanoseconds
 * @param ownStates scratch of the pipeline for float32 states, or 0
 * @param residuals scratch of the pipeline for float32 outputs, or 0
 * @param logits scratch of the pipeline for the logits of all streams, or 0
 * @param timeoutNanos the longest time that the launch may take
 * @param characters the number of ids that can be drawn; larger ids cannot
 * @param count the number of streams
 * @param steps the largest number of steps of a stream
 */
record LaunchStruct(
    long states,
    long outputs,
    long streams,
    long forced,
    long seen,
    long current,
    long idsOut,
    long logitsOut,
    long control,
    long ownStates,
    long residuals,
    long logits,
    long timeoutNanos,
    int characters,
    int count,
    int steps) {
  /** The size of {@code struct Launch}. The kernel asserts it. */
  static final int BYTES = 160;

  /**
   * Encodes the struct.
   *
   * @param weights the memory that the struct's first five pointers point at, in their order
   * @param slots the number of streams, rounded up as the form of the kernel wants it
   */
  ByteBuffer encode(List<CudaMemory> weights, int slots) {
    ByteBuffer bytes = CudaMemory.hostBuffer(BYTES);
    for (CudaMemory memory : weights) {
      bytes.putLong(memory.address());
    }
    bytes.putLong(states).putLong(outputs);
    bytes.putLong(streams).putLong(forced);
    bytes.putLong(seen).putLong(current);
    bytes.putLong(idsOut).putLong(logitsOut);
    bytes.putLong(control);
    bytes.putLong(ownStates).putLong(residuals).putLong(logits);
    bytes.putLong(timeoutNanos);
    bytes.putInt(characters).putInt(count).putInt(slots).putInt(steps);
    return bytes.rewind();
  }
}
