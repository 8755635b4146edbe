package folio.inference.fused;

import folio.runtime.cuda.Nvrtc;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The source of the persistent kernel: {@code decode.cu}, its headers and its definitions. */
final class KernelSource {
  private static final String MAIN = "decode.cu";

  /** The headers. The compiler finds no others. */
  static final List<String> HEADERS =
      List.of(
          "block.cuh",
          "cluster_peer.cuh",
          "grid_barrier.cuh",
          "head.cuh",
          "large_batch.cuh",
          "layout.cuh",
          "ll_words.cuh",
          "mma.cuh",
          "ptx.cuh",
          "sampler.cuh",
          "small_batch.cuh");

  private KernelSource() {}

  /** Returns the program for the compiler, with the headers that {@code decode.cu} includes. */
  static Nvrtc.Program program() {
    SortedMap<String, String> headers = new TreeMap<>();
    for (String header : HEADERS) {
      headers.put(header, read(header));
    }
    return new Nvrtc.Program(MAIN, read(MAIN), headers);
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

  private static String read(String file) {
    try (InputStream in = KernelSource.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new FileNotFoundException("the class path has no " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
