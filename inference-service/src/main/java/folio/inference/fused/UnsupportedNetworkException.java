package folio.inference.fused;

/** A network cannot be decoded on the chip; the message says why. */
final class UnsupportedNetworkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnsupportedNetworkException(String message) {
    super(message);
  }
}
