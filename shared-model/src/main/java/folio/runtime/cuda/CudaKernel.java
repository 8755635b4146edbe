package folio.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A kernel of a {@link CudaModule}, which must stay open while the kernel is used. Safe for use by
 * any thread on which the device's context is current.
 */
public final class CudaKernel {
  /** {@code CU_FUNC_ATTRIBUTE_NUM_REGS}. */
  private static final int ATTRIBUTE_REGISTERS = 4;

  /** {@code CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED}. */
  private static final int ATTRIBUTE_LARGE_CLUSTERS = 14;

  /** {@code CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION}. */
  private static final int LAUNCH_CLUSTER_DIMENSION = 4;

  private static final int LAUNCH_CONFIG_BYTES = 56;
  private static final int LAUNCH_ATTRIBUTE_BYTES = 72;

  private final Driver driver;
  private final Pointer function;

  CudaKernel(Driver driver, Pointer function) {
    this.driver = driver;
    this.function = function;
  }

  /**
   * Launches the kernel cooperatively: all its blocks run at once, so they may wait for each other.
   *
   * @param threads number of threads of a block
   * @param sharedBytes dynamic shared memory of a block, in bytes
   * @param parameter the bytes of the kernel's only parameter, a struct
   * @throws CudaException if the driver returns an error, for instance because the blocks do not
   *     fit on the device at once
   */
  public void launchCooperatively(
      CudaStream stream, int blocks, int threads, int sharedBytes, ByteBuffer parameter) {
    launch("cuLaunchCooperativeKernel", stream, blocks, threads, sharedBytes, parameter);
  }

  /**
   * Launches the kernel.
   *
   * @param blocks number of blocks, a multiple of the kernel's cluster
   * @param threads number of threads of a block
   * @param sharedBytes dynamic shared memory of a block, in bytes
   * @param parameter the bytes of the kernel's only parameter, a struct
   * @throws CudaException if the driver returns an error
   */
  public void launch(
      CudaStream stream, int blocks, int threads, int sharedBytes, ByteBuffer parameter) {
    Pointer noOtherParameters = Pointer.NULL;
    launch("cuLaunchKernel", stream, blocks, threads, sharedBytes, parameter, noOtherParameters);
  }

  private void launch(
      String function,
      CudaStream stream,
      int blocks,
      int threads,
      int sharedBytes,
      ByteBuffer parameter,
      Pointer... more) {
    Memory struct = new Memory(parameter.remaining());
    struct.getByteBuffer(0, parameter.remaining()).put(parameter.duplicate());
    PointerByReference parameters = new PointerByReference(struct);
    List<Object> arguments =
        new ArrayList<>(
            Arrays.asList(
                this.function, blocks, 1, 1, threads, 1, 1, sharedBytes, stream.handle()));
    arguments.add(parameters);
    arguments.addAll(Arrays.asList(more));
    try {
      driver.call(function, arguments.toArray());
    } finally {
      Reference.reachabilityFence(struct); // "parameters" holds only its address
    }
  }

  /**
   * Allows clusters of more than eight blocks, which not every GPU has.
   *
   * @throws CudaException if the driver returns an error
   */
  public void allowLargeClusters() {
    driver.call("cuFuncSetAttribute", function, ATTRIBUTE_LARGE_CLUSTERS, 1);
  }

  /**
   * Returns the number of registers with which a thread of the kernel starts.
   *
   * @throws CudaException if the driver returns an error
   */
  public int registers() {
    IntByReference registers = new IntByReference();
    driver.call("cuFuncGetAttribute", registers, ATTRIBUTE_REGISTERS, function);
    return registers.getValue();
  }

  /**
   * Returns the number of clusters that can run on the device at the same time.
   *
   * @param cluster the number of blocks in a cluster
   * @throws CudaException if the driver returns an error
   */
  public int maxActiveClusters(int cluster, int threads, int sharedBytes) {
    Memory attribute = new Memory(LAUNCH_ATTRIBUTE_BYTES);
    attribute.clear();
    attribute.setInt(0, LAUNCH_CLUSTER_DIMENSION);
    attribute.write(8, new int[] {cluster, 1, 1}, 0, 3);
    Memory config = new Memory(LAUNCH_CONFIG_BYTES); // a CUlaunchConfig
    config.clear();
    config.write(0, new int[] {cluster, 1, 1, threads, 1, 1, sharedBytes}, 0, 7);
    config.setPointer(40, attribute);
    config.setInt(48, 1); // the number of attributes
    IntByReference clusters = new IntByReference();
    try {
      driver.call("cuOccupancyMaxActiveClusters", clusters, function, config);
    } finally {
      Reference.reachabilityFence(attribute); // "config" holds only its address
    }
    return clusters.getValue();
  }
}
