package folio.inference.fused;

import folio.model.kernel.KernelFiles;
import folio.runtime.cuda.Nvrtc;
import java.util.ArrayList;
import java.util.List;

/**
 * The sources of the persistent kernel, their headers and their definitions: {@code decode.cu} and,
 * for many streams, {@code pipeline.cu}.
 */
final class KernelSource {
  /** The headers, besides those of {@link KernelFiles#SHARED}. */
  static final List<String> HEADERS =
      List.of(
          "arena.cuh",
          "block.cuh",
          "cluster_peer.cuh",
          "fragments.cuh",
          "gates.cuh",
          "grid_barrier.cuh",
          "head.cuh",
          "large_batch.cuh",
          "launch.cuh",
          "layout.cuh",
          "ll_words.cuh",
          "sampler.cuh",
          "small_batch.cuh");

  /** The headers of the pipeline, besides those of {@link KernelFiles#SHARED}. */
  static final List<String> PIPELINE_HEADERS =
      List.of(
          "arena.cuh",
          "gates.cuh",
          "grid_barrier.cuh",
          "launch.cuh",
          "pipeline_block.cuh",
          "pipeline_draws.cuh",
          "pipeline_head.cuh",
          "pipeline_layer.cuh",
          "pipeline_layout.cuh",
          "published.cuh",
          "sampler.cuh");

  private KernelSource() {}

  /** Returns the program for the compiler, with the headers that {@code decode.cu} includes. */
  static Nvrtc.Program program() {
    return KernelFiles.program(KernelSource.class, "decode.cu", HEADERS);
  }

  /** Returns the program of the pipeline, with the headers that {@code pipeline.cu} includes. */
  static Nvrtc.Program pipeline() {
    return KernelFiles.program(KernelSource.class, "pipeline.cu", PIPELINE_HEADERS);
  }

  /**
   * Returns the macros that the kernel is compiled with for a layout, each {@code NAME=VALUE}.
   * Apart from the layout itself, these are the sizes that the kernel asserts: a host that mirrors
   * its structs or its shared memory wrongly cannot compile it.
   */
  static List<String> definitions(KernelLayout layout) {
    return withStructs(layout.definitions());
  }

  /** Returns the macros that the pipeline is compiled with for a layout. */
  static List<String> definitions(PipelineLayout layout) {
    return withStructs(layout.definitions());
  }

  private static List<String> withStructs(List<String> layout) {
    List<String> definitions = new ArrayList<>(layout);
    definitions.add("STREAM_BYTES=" + StreamStruct.BYTES);
    definitions.add("LAUNCH_BYTES=" + LaunchStruct.BYTES);
    return definitions;
  }
}
