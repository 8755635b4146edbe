package folio.runtime.torchscript;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
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
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Functions in TorchScript, compiled once and never freed. They hold no weights, so that another
 * model compiles nothing; a call leaves Java once instead of some thirty times a layer. No gradient
 * is recorded. Safe for use by any thread.
 *
 * @see <a href="https://pytorch.org/docs/stable/jit_language_reference.html">TorchScript</a>
 */
public final class TorchScript {
  private static final byte[] NO_CONSTANTS = "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1);

  /** Of the format that is written here; older ones have operators replaced as they are read. */
  private static final byte[] VERSION = "10\n".getBytes(StandardCharsets.US_ASCII);

  private final PtSymbolBlock block;

  private TorchScript(PtSymbolBlock block) {
    this.block = block;
  }

  /**
   * Compiles the methods of a class.
   *
   * @param beside a Java class in the package of the source
   * @param name the class in the source, without attributes
   * @param resource the source
   */
  public static TorchScript load(Class<?> beside, String name, String resource) {
    try (InputStream source = beside.getResourceAsStream(resource)) {
      if (source == null) {
        throw new IllegalArgumentException("the class path has no " + resource);
      }
      PtNDManager forever = (PtNDManager) NDManager.newBaseManager();
      ByteArrayInputStream archive = new ByteArrayInputStream(archive(name, source.readAllBytes()));
      return new TorchScript(JniUtils.loadModule(forever, archive, false, false));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Runs a function.
   *
   * @param arguments arrays, whole numbers, numbers, booleans, texts, {@code long[]}, {@code
   *     double[]}, lists of arrays, or values that the caller holds
   * @return the result; the caller closes it
   */
  public IValue run(String function, Object... arguments) {
    IValue[] values = new IValue[arguments.length];
    List<IValue> made = new ArrayList<>();
    try {
      for (int i = 0; i < arguments.length; i++) {
        if (arguments[i] instanceof IValue held) {
          values[i] = held;
        } else {
          values[i] = value(arguments[i]);
          made.add(values[i]);
        }
      }
      return IValueUtils.runMethod(block, function, values);
    } finally {
      made.forEach(IValue::close);
    }
  }

  /** An argument that is passed more than once; the caller closes it. */
  public static IValue value(Object argument) {
    if (argument instanceof PtNDArray array) {
      return IValue.from(array);
    }
    if (argument instanceof Integer || argument instanceof Long) {
      return IValue.from(((Number) argument).longValue());
    }
    if (argument instanceof Double number) {
      return IValue.from(number);
    }
    if (argument instanceof String text) {
      return IValue.from(text);
    }
    if (argument instanceof Boolean truth) {
      return IValue.from(truth);
    }
    if (argument instanceof long[] numbers) {
      return IValue.listFrom(numbers);
    }
    if (argument instanceof double[] numbers) {
      return IValue.listFrom(numbers);
    }
    if (argument instanceof List<?> arrays) {
      return IValue.listFrom(arrays.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
    }
    throw new IllegalArgumentException("no TorchScript function takes " + argument);
  }

  /** What {@code torch.jit.save} would write, as far as it is read again. */
  private static byte[] archive(String name, byte[] source) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      add(zip, "module/data.pkl", withoutAttributes(name));
      add(zip, "module/code/__torch__.py", source);
      add(zip, "module/constants.pkl", NO_CONSTANTS);
      add(zip, "module/version", VERSION);
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
