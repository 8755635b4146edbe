package folio.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * CUDA's compiler in a library, which comes with libtorch for GPUs. Needs no GPU. Safe for any
 * thread.
 *
 * @see <a href="https://docs.nvidia.com/cuda/nvrtc/">NVRTC</a>
 */
public final class Nvrtc {
  private final NativeLibrary library;

  private Nvrtc(NativeLibrary library) {
    this.library = library;
  }

  /**
   * The one beside the CUDA libraries that this process has loaded.
   *
   * @throws CudaException if there is none
   */
  public static Nvrtc ofThisProcess() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      Optional<Path> found =
          maps.filter(line -> line.contains("/") && line.contains(".so"))
              .map(line -> line.substring(line.indexOf('/')))
              .map(Path::of)
              .filter(file -> rank(file) < Integer.MAX_VALUE)
              .sorted(Comparator.comparingInt(Nvrtc::rank))
              .map(Path::getParent)
              .distinct()
              .flatMap(folder -> in(folder).stream())
              .findFirst();
      return at(
          found.orElseThrow(
              () -> new CudaException("there is no libnvrtc beside the CUDA libraries")));
    } catch (IOException e) {
      throw new CudaException("the loaded libraries cannot be listed: " + e, e);
    }
  }

  /** What came with libtorch is looked at first, a system's own CUDA never. */
  private static int rank(Path library) {
    String name = library.getFileName().toString();
    if (name.startsWith("libtorch") || name.startsWith("libc10")) {
      return 0;
    }
    return name.startsWith("libcudart") || name.startsWith("libcublas") ? 1 : Integer.MAX_VALUE;
  }

  /** The library in a folder, if there is one. */
  public static Optional<Path> in(Path folder) {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches("libnvrtc[-.].*so.*"))
          .filter(file -> !file.getFileName().toString().contains("builtins"))
          .filter(file -> !file.getFileName().toString().contains(".alt."))
          .sorted()
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * A library.
   *
   * @throws CudaException if it cannot be loaded
   */
  public static Nvrtc at(Path file) {
    try {
      return new Nvrtc(NativeLibrary.getInstance(file.toString()));
    } catch (LinkageError e) {
      throw new CudaException(file + " cannot be loaded: " + e.getMessage(), e);
    }
  }

  /**
   * Compiles a program.
   *
   * @param source CUDA C++ that includes nothing
   * @param name for messages
   * @param architecture compute capability that it is for, 90 for 9.0
   * @param definitions {@code NAME=VALUE} each
   * @return a binary
   * @throws CudaException with the compiler's words if it does not compile
   */
  public byte[] compile(String source, String name, int architecture, List<String> definitions) {
    PointerByReference program = new PointerByReference();
    call("nvrtcCreateProgram", program, source, name, 0, null, null);
    try {
      String[] options =
          Stream.concat(
                  Stream.of("--gpu-architecture=sm_" + architecture),
                  definitions.stream().map(definition -> "--define-macro=" + definition))
              .toArray(String[]::new);
      int failed =
          answer(
              "nvrtcCompileProgram", program.getValue(), options.length, new StringArray(options));
      if (failed != 0) {
        throw new CudaException(name + " does not compile: " + log(program.getValue()));
      }
      LongByReference size = new LongByReference();
      call("nvrtcGetCUBINSize", program.getValue(), size);
      Memory binary = new Memory(size.getValue());
      call("nvrtcGetCUBIN", program.getValue(), binary);
      return binary.getByteArray(0, (int) size.getValue());
    } finally {
      answer("nvrtcDestroyProgram", program);
    }
  }

  private String log(Pointer program) {
    LongByReference size = new LongByReference();
    call("nvrtcGetProgramLogSize", program, size);
    Memory text = new Memory(size.getValue());
    call("nvrtcGetProgramLog", program, text);
    return new String(text.getByteArray(0, (int) size.getValue() - 1), StandardCharsets.UTF_8);
  }

  private void call(String function, Object... arguments) {
    int error = answer(function, arguments);
    if (error != 0) {
      throw new CudaException(function + " answers " + error);
    }
  }

  private int answer(String function, Object... arguments) {
    return library.getFunction(function).invokeInt(arguments);
  }
}
