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
  /** The engine failed, or the text could not be delivered to the client. */
  ERROR;

  /**
   * The {@code error.type}, in traces and metrics, of a generation whose text could not be
   * delivered to its client.
   */
  public static final String UNDELIVERABLE = "undeliverable";

  /** Returns the name of this reason on the wire and in metrics. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
