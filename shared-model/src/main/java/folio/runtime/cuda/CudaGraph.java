package folio.runtime.cuda;

import com.sun.jna.Pointer;

/**
 * Kernels that were recorded, and are launched as a whole. Belongs to whoever had it recorded.
 *
 * @see <a href="https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__GRAPH.html">CUDA driver
 *     API, graph management</a>
 */
public final class CudaGraph implements AutoCloseable {
  private final Driver driver;
  private final Pointer executable;
  private final Pointer stream;

  CudaGraph(Driver driver, Pointer executable, Pointer stream) {
    this.driver = driver;
    this.executable = executable;
    this.stream = stream;
  }

  /**
   * Runs the kernels after what its stream was asked for before.
   *
   * @throws CudaException if the driver refuses it
   */
  public void launch() {
    driver.call("cuGraphLaunch", executable, stream);
  }

  /** Frees the graph, as soon as it has run. */
  @Override
  public void close() {
    driver.call("cuGraphExecDestroy", executable);
  }
}
