package folio.runtime.cuda;

import com.sun.jna.Pointer;

/**
 * A recorded sequence of kernels that one call launches. The caller that recorded it closes it.
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
   * Launches the kernels on the graph's stream, after the work that was queued there before.
   *
   * @throws CudaException if the driver returns an error
   */
  public void launch() {
    driver.call("cuGraphLaunch", executable, stream);
  }

  /** Frees the graph. The driver defers this until a launch in flight has ended. */
  @Override
  public void close() {
    driver.call("cuGraphExecDestroy", executable);
  }
}
