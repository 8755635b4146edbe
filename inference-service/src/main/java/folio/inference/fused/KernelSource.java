package folio.inference.fused;

import folio.model.kernel.KernelFiles;
import folio.runtime.cuda.Nvrtc;
import java.util.ArrayList;
import java.util.List;

/** The source of the persistent kernel: {@code decode.cu}, its headers and its definitions. */
final class KernelSource {
  /** The headers, besides those of {@link KernelFiles#SHARED}. */
  static final List<String> HEADERS =
      List.of(
          "block.cuh",
          "cluster_peer.cuh",
          "fragments.cuh",
          "grid_barrier.cuh",
          "head.cuh",
          "large_batch.cuh",
          "layout.cuh",
          "ll_words.cuh",
          "sampler.cuh",
          "small_batch.cuh");

  private KernelSource() {}

  /** Returns the program for the compiler, with the headers that {@code decode.cu} includes. */
  static Nvrtc.Program program() {
    return KernelFiles.program(KernelSource.class, "decode.cu", HEADERS);
  }

  /**
   * Returns the macros that the kernel is compiled with for a layout, each {@code NAME=VALUE}.
   * Apart from the layout itself, these are the sizes that the kernel asserts: a host that mirrors
   * its structs or its shared memory wrongly cannot compile it.
   */
  static List<String> definitions(KernelLayout layout) {
    List<String> definitions = new ArrayList<>(layout.definitions());
    definitions.add("STREAM_BYTES=" + StreamStruct.BYTES);
    definitions.add("LAUNCH_BYTES=" + LaunchStruct.BYTES);
    return definitions;
  }
}
