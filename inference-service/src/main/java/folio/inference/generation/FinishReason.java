package folio.inference.generation;

import java.util.Locale;

/** Why a generation ended. */
public enum FinishReason {
  /** It has as many characters as were asked for. */
  LENGTH,
  /** It came to a text of {@code stop}. */
  STOP,
  /** The client went away. */
  CANCELLED,
  /** The engine failed. */
  ERROR;

  /** As it is written on the wire and in metrics. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
