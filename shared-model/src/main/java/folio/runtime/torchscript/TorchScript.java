package folio.runtime.torchscript;

import ai.djl.engine.EngineException;
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
 * A TorchScript class whose functions are compiled once and never freed. The functions hold no
 * weights, so another model needs no compilation. A call crosses JNI once, instead of about 30
 * times per layer. No gradient is recorded. Safe for use by any thread.
 *
 * <p>A source file has the name {@code NAME.torchscript.py}. It is the code of a {@code
 * torch.jit.save} archive: it looks like Python, but libtorch compiles it, and no Python runs. The
 * dialect:
 *
 * <ul>
 *   <li>A file has classes, which may be named tuples, and comments. Methods may call each other,
 *       without recursion. Constants outside of methods, f-strings and comments that begin with
 *       {@code type:} do not compile, and imports have no effect.
 *   <li>{@code torch.f} is the operator {@code aten::f}, and {@code ops.n.f} is {@code n::f}.
 *       {@code __torch__.C} is the class C of the file, {@code __torch__.torch.classes.n.C} is a
 *       C++ class of libtorch, and {@code __torch__.products.f} is a function of {@link Products}.
 *   <li>An argument without a type is a tensor, and {@code []} is a list of tensors. Folio's
 *       sources declare all types and write {@code annotate(List[Tensor], [])}. The type {@code
 *       number} is PyTorch's Scalar: an integer or a float.
 *   <li>A data type is its number in libtorch: 4 is int64, 6 is float32. Factory functions such as
 *       {@code torch.zeros} have PyTorch's defaults for arguments that are left out or None. The
 *       default device is the CPU, so an array for a GPU needs {@code device}.
 *   <li>{@code x[:, a:b]} becomes two operators, one of which slices dimension 0. Folio's sources
 *       write {@code torch.slice(x, 1, a, b)}.
 *   <li>By convention, a method without a result returns 0.
 * </ul>
 *
 * @see <a href="https://pytorch.org/docs/stable/jit_language_reference.html">TorchScript</a>
 */
public final class TorchScript {
  private static final byte[] NO_CONSTANTS = "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1);

  /** The version of the archive format. For older versions, libtorch replaces operators on load. */
  private static final byte[] VERSION = "10\n".getBytes(StandardCharsets.US_ASCII);

  private static final class ProductsHolder {
    static final Products AVAILABLE = probe();
  }

  private final PtSymbolBlock block;

  private TorchScript(PtSymbolBlock block) {
    this.block = block;
  }

  /**
   * Compiles the methods of a TorchScript class, with the products that are selected.
   *
   * @param beside a Java class in the package of the resource
   * @param name the name of the class in the source; it must have no attributes
   * @param resource the file name of the source
   * @throws IllegalArgumentException if the class path has no such resource
   */
  public static TorchScript load(Class<?> beside, String name, String resource) {
    return load(beside, name, resource, products());
  }

  /**
   * Returns the products of this process: those that the system property names, else oneDNN's if
   * libtorch has it.
   *
   * @throws IllegalArgumentException if the property names none
   */
  public static Products products() {
    String name = System.getProperty(Products.PROPERTY);
    return name == null ? ProductsHolder.AVAILABLE : Products.of(name);
  }

  private static Products probe() {
    try {
      load(TorchScript.class, "Probe", "probe.torchscript.py", Products.ONEDNN);
      return Products.ONEDNN;
    } catch (EngineException e) {
      return Products.PORTABLE; // libtorch lacks an operator
    }
  }

  static TorchScript load(Class<?> beside, String name, String resource, Products products) {
    try {
      byte[] archive =
          archive(name, source(beside, resource), source(TorchScript.class, products.resource()));
      PtNDManager forever = (PtNDManager) NDManager.newBaseManager();
      return new TorchScript(
          JniUtils.loadModule(forever, new ByteArrayInputStream(archive), false, false));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] source(Class<?> beside, String resource) throws IOException {
    try (InputStream source = beside.getResourceAsStream(resource)) {
      if (source == null) {
        throw new IllegalArgumentException("the class path has no " + resource);
      }
      return source.readAllBytes();
    }
  }

  /**
   * Runs a function.
   *
   * @param arguments arrays, integers, doubles, booleans, strings, {@code long[]}, {@code
   *     double[]}, lists of arrays, or {@link IValue}s, which stay the caller's
   * @return the result; the caller closes it
   * @throws IllegalArgumentException if an argument has another type
   */
  public IValue run(String function, Object... arguments) {
    IValue[] values = new IValue[arguments.length];
    List<IValue> made = new ArrayList<>();
    try {
      for (int i = 0; i < arguments.length; i++) {
        if (arguments[i] instanceof IValue existing) {
          values[i] = existing;
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

  /** Converts an argument that is passed more than once; the caller closes it. */
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

  /** Returns the part of a {@code torch.jit.save} archive that libtorch reads. */
  private static byte[] archive(String name, byte[] source, byte[] products) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      add(zip, "module/data.pkl", withoutAttributes(name));
      add(zip, "module/code/__torch__.py", source);
      add(zip, "module/code/__torch__/products.py", products);
      add(zip, "module/constants.pkl", NO_CONSTANTS);
      add(zip, "module/version", VERSION);
    }
    return bytes.toByteArray();
  }

  /** Returns a pickle of {@code __torch__.NAME.__new__()} with an empty state. */
  private static byte[] withoutAttributes(String name) {
    return ("\u0080\u0002c__torch__\n" + name + "\n)\u0081}b.")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Adds an entry without compression, which the reader requires. */
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
