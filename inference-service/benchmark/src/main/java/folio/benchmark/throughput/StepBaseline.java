package folio.benchmark.throughput;

import folio.benchmark.report.SystemName;
import folio.benchmark.report.WindowResult;

/**
 * PyTorch's batched decode step. Every measurement runs in a new process and takes a fixed number
 * of steps, whatever the window.
 *
 * @param graph whether the step is replayed as a CUDA graph
 */
record StepBaseline(PythonBaselines baselines, boolean graph) implements SystemUnderTest {
  @Override
  public SystemName name() {
    return graph ? SystemName.PYTORCH_GRAPH : SystemName.PYTORCH_STEP;
  }

  @Override
  public WindowResult measure(int streams, Window window) {
    return new WindowResult(baselines.measureStep(streams, graph), null, null);
  }
}
