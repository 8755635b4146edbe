package folio.benchmark.throughput;

import folio.benchmark.report.SystemName;
import folio.benchmark.report.WindowResult;
import folio.benchmark.subject.DeviceKind;
import java.util.ArrayList;
import java.util.List;

/**
 * PyTorch's batched decode step. Every measurement runs in a new process and takes a fixed number
 * of steps, whatever the window.
 *
 * @param baselines the programs in PyTorch
 * @param name the name of this form of the step
 * @param options the options of {@code decode_step.py} that choose this form
 */
record StepBaseline(PythonBaselines baselines, SystemName name, List<String> options)
    implements SystemUnderTest {
  private static final List<String> HALF_GRAPH = List.of("--graph", "--dtype=float16");

  /** Returns the step that runs eagerly in float32. */
  static StepBaseline eager(PythonBaselines baselines) {
    return new StepBaseline(baselines, SystemName.PYTORCH_STEP, List.of());
  }

  /** Returns the steps that are replayed as a CUDA graph, in float32 and float16. */
  static List<StepBaseline> graphs(PythonBaselines baselines) {
    return List.of(
        new StepBaseline(baselines, SystemName.PYTORCH_GRAPH, List.of("--graph")),
        new StepBaseline(baselines, SystemName.PYTORCH_HALF_GRAPH, HALF_GRAPH));
  }

  /** Returns the compiled step: on a GPU in float16 and as a CUDA graph, on a CPU in float32. */
  static StepBaseline compiled(PythonBaselines baselines, DeviceKind device) {
    List<String> options = new ArrayList<>(List.of("--compile"));
    if (device == DeviceKind.CUDA) {
      options.addAll(HALF_GRAPH);
    }
    return new StepBaseline(baselines, SystemName.PYTORCH_COMPILED, options);
  }

  @Override
  public WindowResult measure(int streams, Window window) {
    return new WindowResult(baselines.measureStep(name, streams, options), null, null);
  }
}
