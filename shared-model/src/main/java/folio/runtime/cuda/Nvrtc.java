package folio.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * NVRTC, the CUDA compiler as a library. libtorch for GPUs contains it. It needs no GPU. Safe for
 * use by any thread.
 *
 * @see <a href="https://docs.nvidia.com/cuda/nvrtc/">NVRTC</a>
 */
public final class Nvrtc {
  /** The architecture with wgmma, whose binaries no other architecture runs. */
  private static final int WGMMA_ARCHITECTURE = 90;

  /**
   * A CUDA C++ program.
   *
   * @param name the program's name in messages
   * @param source the text of the program
   * @param headers the texts of the files that the program and its headers include, by the names in
   *     their {@code #include} directives
   */
  public record Program(String name, String source, SortedMap<String, String> headers) {
    public Program {
      headers = Collections.unmodifiableSortedMap(new TreeMap<>(headers));
    }
  }

  private final NativeLibrary library;

  private Nvrtc(NativeLibrary library) {
    this.library = library;
  }

  /**
   * Returns the compiler of this process, see {@link #fileOfThisProcess}.
   *
   * @throws CudaException if there is none, or it cannot be loaded
   */
  public static Nvrtc ofThisProcess() {
    return at(fileOfThisProcess());
  }

  /**
   * Returns the NVRTC library next to the CUDA libraries that this process has loaded. libtorch's
   * archives have all libraries in one folder; Python's packages have a folder for each of CUDA's.
   *
   * @throws CudaException if there is none
   */
  public static Path fileOfThisProcess() {
    return loadedLibraries().stream()
        .filter(file -> rank(file) < Integer.MAX_VALUE)
        .sorted(Comparator.comparingInt(Nvrtc::rank))
        .map(Path::getParent)
        .distinct()
        .flatMap(folder -> Stream.concat(Stream.of(folder), siblings(folder)))
        .flatMap(folder -> in(folder).stream())
        .findFirst()
        .orElseThrow(() -> new CudaException("no folder of a loaded CUDA library has libnvrtc"));
  }

  /** Returns whether this process has loaded libtorch with CUDA. */
  public static boolean isCudaLoaded() {
    return loadedLibraries().stream()
        .anyMatch(file -> file.getFileName().toString().startsWith("libtorch_cuda"));
  }

  private static List<Path> loadedLibraries() {
    Path maps = Path.of("/proc/self/maps");
    if (Files.notExists(maps)) {
      return List.of(); // macOS, which has no CUDA
    }
    try (Stream<String> lines = Files.lines(maps)) {
      return lines
          .filter(line -> line.contains("/") && line.contains(".so"))
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .distinct()
          .toList();
    } catch (IOException e) {
      throw new CudaException("the loaded libraries cannot be listed: " + e, e);
    }
  }

  /** Returns the folders {@code lib} of the packages beside the one that a library is from. */
  private static Stream<Path> siblings(Path folder) {
    Path packages = folder.getParent() == null ? null : folder.getParent().getParent();
    if (packages == null || !folder.endsWith("lib")) {
      return Stream.empty();
    }
    try (Stream<Path> folders = Files.list(packages)) {
      return folders.map(beside -> beside.resolve("lib")).sorted().toList().stream();
    } catch (IOException e) {
      return Stream.empty();
    }
  }

  /** Orders libraries: libtorch's first, then CUDA's; others are not searched. */
  private static int rank(Path library) {
    String name = library.getFileName().toString();
    if (name.startsWith("libtorch") || name.startsWith("libc10")) {
      return 0;
    }
    return name.startsWith("libcudart") || name.startsWith("libcublas") ? 1 : Integer.MAX_VALUE;
  }

  /** Returns the NVRTC library in a folder, or empty if the folder has none. */
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
   * Loads an NVRTC library.
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
   * @param architecture the target's compute capability times ten: 90 for 9.0
   * @param definitions macros, each {@code NAME=VALUE}
   * @return a cubin for {@link CudaModule#load}
   * @throws CudaException if the program does not compile; the message has the compiler's log
   */
  public byte[] compile(Program program, int architecture, List<String> definitions) {
    Pointer handle = create(program);
    try {
      String[] options =
          Stream.concat(
                  Stream.of("--gpu-architecture=" + target(architecture)),
                  definitions.stream().map(definition -> "--define-macro=" + definition))
              .toArray(String[]::new);
      int failed = invoke("nvrtcCompileProgram", handle, options.length, new StringArray(options));
      if (failed != 0) {
        throw new CudaException(program.name() + " does not compile: " + log(handle));
      }
      LongByReference size = new LongByReference();
      call("nvrtcGetCUBINSize", handle, size);
      Memory binary = new Memory(size.getValue());
      call("nvrtcGetCUBIN", handle, binary);
      return binary.getByteArray(0, (int) size.getValue());
    } finally {
      invoke("nvrtcDestroyProgram", new PointerByReference(handle));
    }
  }

  /** Returns the target for an architecture. wgmma exists only in the target sm_90a. */
  private static String target(int architecture) {
    return "sm_" + architecture + (architecture == WGMMA_ARCHITECTURE ? "a" : "");
  }

  private Pointer create(Program program) {
    PointerByReference handle = new PointerByReference();
    Collection<String> texts = program.headers().values();
    Collection<String> names = program.headers().keySet();
    call(
        "nvrtcCreateProgram",
        handle,
        program.source(),
        program.name(),
        names.size(),
        new StringArray(texts.toArray(String[]::new)),
        new StringArray(names.toArray(String[]::new)));
    return handle.getValue();
  }

  /** Returns the architectures that this compiler can compile for, in ascending order. */
  public List<Integer> architectures() {
    IntByReference number = new IntByReference();
    call("nvrtcGetNumSupportedArchs", number);
    Memory values = new Memory((long) number.getValue() * Integer.BYTES);
    call("nvrtcGetSupportedArchs", values);
    return Arrays.stream(values.getIntArray(0, number.getValue())).boxed().toList();
  }

  private String log(Pointer program) {
    LongByReference size = new LongByReference();
    call("nvrtcGetProgramLogSize", program, size);
    Memory text = new Memory(size.getValue());
    call("nvrtcGetProgramLog", program, text);
    return new String(text.getByteArray(0, (int) size.getValue() - 1), StandardCharsets.UTF_8);
  }

  private void call(String function, Object... arguments) {
    int error = invoke(function, arguments);
    if (error != 0) {
      throw new CudaException(function + " returned error " + error);
    }
  }

  private int invoke(String function, Object... arguments) {
    return library.getFunction(function).invokeInt(arguments);
  }
}
