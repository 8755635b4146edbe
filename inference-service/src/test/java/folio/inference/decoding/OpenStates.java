package folio.inference.decoding;

/** Gives tests of other packages the number of a decoder's open states. */
public final class OpenStates {
  private OpenStates() {}

  /** Returns the number of states of a decoder that are not closed. */
  public static int of(Decoder decoder) {
    return decoder.openStates();
  }
}
