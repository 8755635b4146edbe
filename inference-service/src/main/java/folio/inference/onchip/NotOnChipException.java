package folio.inference.onchip;

/** A network cannot be decoded on the chip; the message says why. */
final class NotOnChipException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NotOnChipException(String message) {
    super(message);
  }
}
