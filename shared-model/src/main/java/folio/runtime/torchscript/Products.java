package folio.runtime.torchscript;

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
  static final String PROPERTY = "folio.products";

  /**
   * Returns the implementation of a name.
   *
   * @throws IllegalArgumentException if no implementation has the name
   */
  static Products of(String name) {
    return Arrays.stream(values())
        .filter(products -> products.label().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(PROPERTY + " is " + name + "; " + legal()));
  }

  private static String legal() {
    return "it must be "
        + Arrays.stream(values()).map(Products::label).collect(Collectors.joining(" or "));
  }

  /** Returns the name in the system property, in logs and in the source's file name. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  String resource() {
    return "products." + label() + ".torchscript.py";
  }
}
