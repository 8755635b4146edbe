package folio.inference.generation;

import java.util.Locale;

/** The reason why a generation ended. */
public enum FinishReason {
  /** The output reached {@code max_tokens}. */
  LENGTH,
  /** The output reached a stop sequence. */
  STOP,
  /** The client disconnected. */
  CANCELLED,
  /** The engine failed. */
  ERROR;

  /** Returns the name of this reason on the wire and in metrics. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
