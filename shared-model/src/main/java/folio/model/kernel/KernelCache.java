package folio.model.kernel;

import folio.model.storage.FileCache;
import folio.model.storage.Sha256;
import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaModule;
import folio.runtime.cuda.Nvrtc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A cache of kernel binaries in the process and on disk, by all source files, definitions, GPU
 * architecture and driver version. Compiling a binary takes about a third of a second. Safe for use
 * by any thread.
 */
public final class KernelCache {
  /** The largest size of the cache on disk. */
  private static final long MAX_BYTES = 64L << 20;

  /** A compiler such as {@link Nvrtc}. */
  @FunctionalInterface
  public interface Compiler {
    /**
     * Compiles a program.
     *
     * @param architecture the target's compute capability times ten
     * @param definitions macros, each {@code NAME=VALUE}
     * @throws folio.runtime.cuda.CudaException if the program does not compile
     */
    byte[] compile(Nvrtc.Program program, int architecture, List<String> definitions);
  }

  private final FileCache files;
  private final Compiler compiler;
  private final Map<String, byte[]> compiled = new ConcurrentHashMap<>();

  /**
   * Returns a cache of this machine, with the compiler of this process. A binary that the driver
   * rejects is not cached.
   */
  public static KernelCache ofThisMachine() {
    return new KernelCache(
        FileCache.folderOf(System.getenv()),
        (program, architecture, definitions) -> {
          byte[] binary = Nvrtc.ofThisProcess().compile(program, architecture, definitions);
          CudaModule.check(binary);
          return binary;
        });
  }

  /**
   * Opens the cache on disk.
   *
   * @param folder the folder of all of Folio's caches; the cache is a subfolder
   */
  public KernelCache(Path folder, Compiler compiler) {
    this.files = new FileCache(folder.resolve("kernels"), MAX_BYTES);
    this.compiler = compiler;
  }

  /**
   * Returns the binary of a program for a GPU, compiled or from the cache.
   *
   * @param definitions macros, each {@code NAME=VALUE}
   * @throws folio.runtime.cuda.CudaException if the program does not compile
   */
  public byte[] binary(CudaDevice gpu, Nvrtc.Program program, List<String> definitions) {
    String key = key(program, definitions, gpu);
    return compiled.computeIfAbsent(
        key,
        absent -> {
          try {
            return files.derived(
                key, () -> compiler.compile(program, gpu.architecture(), definitions));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** Returns the key of a binary: a digest of everything that it depends on. */
  static String key(Nvrtc.Program program, List<String> definitions, CudaDevice gpu) {
    String content =
        String.join(
            "\n", "" + program, "" + definitions, "" + gpu.architecture(), "" + gpu.driver());
    return Sha256.hex(content.getBytes(StandardCharsets.UTF_8));
  }
}
