package folio.inference.fused;

/** A failure to decode a network with the persistent kernel; the message has the reason. */
final class UnsupportedNetworkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnsupportedNetworkException(String message) {
    super(message);
  }
}
