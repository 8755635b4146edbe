package folio.model.sampling;

import java.util.List;

/** The rule for the texts that end a generation, in a service and without one. */
public final class StopTexts {
  /** The largest number of texts. */
  public static final int MAX_TEXTS = 8;

  /** The length of the longest text, in code points. */
  public static final int MAX_LENGTH = 64;

  private StopTexts() {}

  /**
   * Checks texts.
   *
   * @throws OutOfRangeException naming the field {@code stop}, if there are too many texts, or if
   *     one is null, empty or too long, or holds half a surrogate pair
   */
  public static void check(List<String> texts) {
    if (texts.size() > MAX_TEXTS) {
      throw new OutOfRangeException(
          "stop", texts.size() + " texts", "up to " + MAX_TEXTS + " texts");
    }
    for (String text : texts) {
      if (text == null) {
        throw new OutOfRangeException("stop", "null", "texts");
      }
      int length = text.codePointCount(0, text.length());
      if (length < 1 || length > MAX_LENGTH) {
        throw new OutOfRangeException(
            "stop", length + " characters", "1 to " + MAX_LENGTH + " characters per text");
      }
      if (text.codePoints().anyMatch(StopTexts::isSurrogate)) {
        throw new OutOfRangeException("stop", "half a surrogate pair", "texts of whole characters");
      }
    }
  }

  private static boolean isSurrogate(int codePoint) {
    return Character.getType(codePoint) == Character.SURROGATE;
  }
}
