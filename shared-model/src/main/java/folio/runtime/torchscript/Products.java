package folio.runtime.torchscript;

import ai.djl.engine.EngineException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The implementations of products with the weights of a network on a CPU. Each is a source file
 * whose functions other sources call as {@code __torch__.products.f}.
 */
public enum Products {
  /** By oneDNN, which libtorch has on Linux and Windows. */
  ONEDNN,

  /** By whatever library multiplies matrices in libtorch: on macOS, Accelerate. */
  PORTABLE;

  /** The system property that selects an implementation, for tests. */
  public static final String PROPERTY = "folio.products";

  private static final class Holder {
    static final Products SELECTED = select(System.getProperty(PROPERTY));
  }

  /**
   * Returns the implementation for this process: the one that the system property names, else
   * oneDNN's if libtorch has it.
   *
   * @throws IllegalArgumentException if the property names no implementation
   */
  public static Products selected() {
    return Holder.SELECTED;
  }

  static Products select(String name) {
    if (name == null) {
      return compiles(ONEDNN) ? ONEDNN : PORTABLE;
    }
    return Arrays.stream(values())
        .filter(products -> products.label().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    Arrays.stream(values())
                        .map(Products::label)
                        .collect(
                            Collectors.joining(
                                " or ", PROPERTY + " is " + name + "; it must be ", ""))));
  }

  /** Returns whether libtorch has the operators of an implementation. */
  private static boolean compiles(Products products) {
    try {
      TorchScript.load(Products.class, "Probe", "probe.torchscript.py", products);
      return true;
    } catch (EngineException e) {
      return false;
    }
  }

  /** Returns the name in the system property, in logs and in the source's file name. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  String resource() {
    return "products." + label() + ".torchscript.py";
  }
}
