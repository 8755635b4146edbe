package folio.runtime.engine;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.util.Utils;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** The loader of libtorch, which DJL copies from a jar to a cache folder, or downloads. */
public final class EngineLoader {
  private static final Set<String> X86_64 = Set.of("amd64", "x86_64");
  private static final String ARM64 = "aarch64";

  private EngineLoader() {}

  /**
   * Returns the engine; the first call loads it.
   *
   * @throws EngineLoadException if it cannot be loaded
   */
  public static Engine load() {
    try {
      return Engine.getInstance();
    } catch (EngineException | LinkageError | UncheckedIOException | IllegalStateException e) {
      throw new EngineLoadException(describe(e, platform()), e);
    }
  }

  /**
   * Returns the message of an error at the start of libtorch.
   *
   * @param platform the unsupported platform of this machine; null if it is supported
   */
  static String describe(Throwable error, String platform) {
    Throwable root = error;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    String cause = firstLine(error);
    if (root != error) {
      cause += " (" + root.getClass().getSimpleName() + ": " + firstLine(root) + ")";
    }
    return "the engine libtorch cannot be loaded: " + cause + "; " + remedy(cause, platform);
  }

  private static String remedy(String cause, String platform) {
    if (platform != null) {
      return "Folio needs Linux with glibc on x86-64 or ARM64, or macOS on Apple silicon, and this"
          + " machine is "
          + platform;
    }
    if (cause.contains("libcuda.so")) {
      return "this libtorch is for GPUs and needs NVIDIA's driver; use one for CPUs here";
    }
    return "DJL_CACHE_DIR, which is "
        + Utils.getCacheDir()
        + ", must be a folder that can be written and from which libraries can be loaded";
  }

  private static String firstLine(Throwable error) {
    return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
  }

  /** Returns the name of this machine's platform, or null if Folio supports it. */
  private static String platform() {
    String system = System.getProperty("os.name");
    String processor = System.getProperty("os.arch");
    boolean supported =
        switch (system) {
          case "Linux" -> processor.equals(ARM64) || X86_64.contains(processor);
          case "Mac OS X" -> processor.equals(ARM64);
          default -> false;
        };
    if (!supported) {
      return system + " " + processor;
    }
    return isMusl(processor) ? "Linux with musl" : null;
  }

  private static boolean isMusl(String processor) {
    return processor.equals(ARM64)
        ? hasOnly("/lib/ld-musl-aarch64.so.1", "/lib/ld-linux-aarch64.so.1")
        : hasOnly("/lib/ld-musl-x86_64.so.1", "/lib64/ld-linux-x86-64.so.2");
  }

  private static boolean hasOnly(String present, String absent) {
    return Files.exists(Path.of(present)) && Files.notExists(Path.of(absent));
  }
}
