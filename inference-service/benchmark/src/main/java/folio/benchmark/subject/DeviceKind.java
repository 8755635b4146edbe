package folio.benchmark.subject;

import java.util.Locale;

/** The kind of device that computes a network. */
public enum DeviceKind {
  CPU,
  CUDA;

  /** Returns the name in the service's settings and in PyTorch. */
  public String spelling() {
    return name().toLowerCase(Locale.ROOT);
  }
}
