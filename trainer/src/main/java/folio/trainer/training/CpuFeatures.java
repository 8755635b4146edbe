package folio.trainer.training;

import folio.runtime.torchscript.Products;
import folio.runtime.torchscript.TorchScript;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The instructions of this machine's CPU that decide how a network is trained. */
final class CpuFeatures {
  private static final Path LINUX = Path.of("/proc/cpuinfo");

  /** The instructions with which oneDNN multiplies bfloat16 faster than float32. */
  private static final Pattern BFLOAT16 =
      Pattern.compile("flags\\s*:.* (avx512_bf16|amx_bf16)\\b.*");

  private CpuFeatures() {}

  /** Returns whether bfloat16 products are faster than those of float32 on this machine. */
  static boolean multipliesBfloat16() {
    if (TorchScript.products() != Products.ONEDNN || !Files.isReadable(LINUX)) {
      return false;
    }
    try {
      return multipliesBfloat16(Files.readAllLines(LINUX));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the same for the lines of {@code /proc/cpuinfo}. */
  static boolean multipliesBfloat16(List<String> lines) {
    return lines.stream().anyMatch(line -> BFLOAT16.matcher(line).matches());
  }
}
