package folio.inference.fused;

import folio.model.storage.FileCache;
import folio.model.storage.Sha256;
import folio.runtime.cuda.CudaDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The kernel's binaries. Compiling one takes a third of a second, so what was compiled is kept, in
 * the process and on the disk, by source, shape, GPU and driver. Safe for any thread.
 */
final class KernelCache {
  /** The kernel's file, beside this class. */
  static final String SOURCE = "decode.cu";

  private static final long MAX_BYTES = 64L << 20;

  /** Makes a binary; {@link folio.runtime.cuda.Nvrtc} does. */
  @FunctionalInterface
  interface Compiler {
    byte[] compile(String source, String name, int architecture, List<String> definitions);
  }

  private final FileCache files;
  private final Compiler compiler;
  private final Map<String, byte[]> compiled = new ConcurrentHashMap<>();

  /**
   * Over what a user's caches have.
   *
   * @param folder of all of them
   */
  KernelCache(Path folder, Compiler compiler) {
    this.files = new FileCache(folder.resolve("kernels"), MAX_BYTES);
    this.compiler = compiler;
  }

  /**
   * The kernel for a shape and a GPU.
   *
   * @throws folio.runtime.cuda.CudaException if it does not compile
   */
  byte[] binary(CudaDevice gpu, KernelLayout plan) {
    List<String> definitions = plan.definitions();
    String source = source();
    String key =
        Sha256.hex(
            String.join(
                    "\n",
                    List.of(source, "" + definitions, "" + gpu.architecture(), "" + gpu.driver()))
                .getBytes(StandardCharsets.UTF_8));
    return compiled.computeIfAbsent(
        key,
        absent -> {
          try {
            return files.derived(
                key, () -> compiler.compile(source, SOURCE, gpu.architecture(), definitions));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** The kernel, as it is compiled. */
  static String source() {
    try (InputStream in = KernelCache.class.getResourceAsStream(SOURCE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
