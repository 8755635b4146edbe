package folio.inference.decoding;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Functions in TorchScript, compiled once a process and never freed. They hold no weights, so that
 * a swap of models compiles nothing; a call leaves Java once instead of some thirty times a layer.
 * Safe for use by any thread.
 *
 * @see <a href="https://pytorch.org/docs/stable/jit_language_reference.html">TorchScript</a>
 */
final class TorchScript {
  private static final byte[] NO_CONSTANTS = "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1);

  private static final class DecoderHolder {
    static final TorchScript MODULE = new TorchScript("Decoder", "decoder.py");
  }

  private static final class CudaHolder {
    static final TorchScript MODULE = new TorchScript("Cuda", "cuda.py");
  }

  private final PtSymbolBlock block;

  private TorchScript(String name, String resource) {
    try (InputStream source = TorchScript.class.getResourceAsStream(resource)) {
      PtNDManager forever = (PtNDManager) NDManager.newBaseManager();
      block =
          JniUtils.loadModule(
              forever,
              new ByteArrayInputStream(archive(name, source.readAllBytes())),
              false,
              false);
    } catch (IOException e) {
      throw new UncheckedIOException("the class path has no " + resource, e);
    }
  }

  /** Steps and prompts. */
  static TorchScript decoder() {
    return DecoderHolder.MODULE;
  }

  /** What only the CUDA build of libtorch can compile. */
  static TorchScript cuda() {
    return CudaHolder.MODULE;
  }

  /** Runs a function without gradients; the caller closes the result. */
  IValue run(String function, IValue... arguments) {
    return IValueUtils.runMethod(block, function, arguments);
  }

  /** What {@code torch.jit.save} would write, as far as it is read again. */
  private static byte[] archive(String name, byte[] source) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      add(zip, "module/data.pkl", withoutAttributes(name));
      add(zip, "module/code/__torch__.py", source);
      add(zip, "module/constants.pkl", NO_CONSTANTS);
      add(zip, "module/version", "3\n".getBytes(StandardCharsets.US_ASCII));
    }
    return bytes.toByteArray();
  }

  /** {@code __torch__.NAME.__new__()} with an empty state. */
  private static byte[] withoutAttributes(String name) {
    return ("\u0080\u0002c__torch__\n" + name + "\n)\u0081}b.")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Stored, as its reader expects. */
  private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
