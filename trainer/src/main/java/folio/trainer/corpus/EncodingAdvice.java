package folio.trainer.corpus;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The errors of bytes that are not text, with the likely encoding and what to do. */
final class EncodingAdvice {
  /** A text is taken for UTF-16 without a mark if it has this share of characters below U+0100. */
  private static final double LATIN_SHARE = 0.5;

  /** The control characters that texts hold: blanks, the end of a DOS file, and escape. */
  private static final String LEGAL_CONTROLS = "\t\n\013\f\r\032\033";

  /** The bytes that windows-1252 does not define. */
  private static final String UNDEFINED_IN_WINDOWS_1252 = "\u0081\u008d\u008f\u0090\u009d";

  private static final String PLAIN_ARGUMENT = "[A-Za-z0-9_@%+=:,./-]+";
  private static final int TAR_NAME_AT = 257;

  private EncodingAdvice() {}

  /**
   * Returns the error of bytes that decode to NUL.
   *
   * @param beginning the first bytes of the text
   * @param encoding the encoding that was used
   */
  static CorpusException binary(String name, byte[] beginning, Charset encoding) {
    String wide = wideEncoding(beginning);
    if (wide != null && !encoding.name().startsWith("UTF-16")) {
      return otherEncoding(name, encoding, wide);
    }
    if (new String(beginning, StandardCharsets.ISO_8859_1).startsWith("ustar", TAR_NAME_AT)) {
      return new CorpusException(
          "--corpus " + name + " is a tar archive; unpack it and name its folder");
    }
    return binary(name, "NUL");
  }

  private static CorpusException binary(String name, String held) {
    return new CorpusException(
        "--corpus " + name + " is binary (it holds " + held + "); name a text to train on");
  }

  private static CorpusException otherEncoding(String name, Charset encoding, String likely) {
    return new CorpusException(
        "--corpus "
            + name
            + " is "
            + likely
            + ", not "
            + encoding
            + "; add --encoding "
            + likely.toLowerCase(Locale.ROOT));
  }

  /**
   * Returns the error of bytes that are illegal in an encoding.
   *
   * @param chosen whether the user chose the encoding
   * @param beginning the first bytes of the text
   * @param around the bytes around the first illegal one
   * @param position the position of the first illegal byte in the text
   * @param nonAscii whether a character above U+007F comes before it
   */
  static CorpusException malformed(
      String name,
      Charset encoding,
      boolean chosen,
      byte[] beginning,
      byte[] around,
      long position,
      boolean nonAscii) {
    String wide = wideEncoding(beginning);
    if (wide != null && !wide.equals(encoding.name())) {
      return otherEncoding(name, encoding, wide);
    }
    if (hasControls(beginning) || hasControls(around)) {
      return binary(name, "control characters");
    }
    String problem = "--corpus " + name + " is not " + encoding + " at byte " + position;
    if (chosen) {
      return new CorpusException(problem + "; name its encoding with --encoding");
    }
    if (nonAscii) {
      // Other encodings rarely form a valid sequence of UTF-8, so the text is damaged UTF-8.
      return new CorpusException(
          problem + ", but before it; to drop such bytes, " + dropBadBytes(name));
    }
    String likely =
        undefinedInWindows1252(beginning) || undefinedInWindows1252(around)
            ? "iso-8859-1"
            : "windows-1252";
    return new CorpusException(
        problem + "; it is probably " + likely + ": add --encoding " + likely);
  }

  /** Returns the name of an encoding of 16 bits, or null if the bytes look like another one. */
  private static String wideEncoding(byte[] bytes) {
    int[] zeros = new int[2];
    for (int i = 0; i < bytes.length; i++) {
      zeros[i % 2] += bytes[i] == 0 ? 1 : 0;
    }
    int expected = (int) Math.ceil(LATIN_SHARE * bytes.length / 2);
    if (zeros[0] == 0 && zeros[1] >= expected && isText(bytes, StandardCharsets.UTF_16LE)) {
      return "UTF-16LE";
    }
    if (zeros[1] == 0 && zeros[0] >= expected && isText(bytes, StandardCharsets.UTF_16BE)) {
      return "UTF-16BE";
    }
    return null;
  }

  private static boolean isText(byte[] bytes, Charset encoding) {
    // The last character may be cut.
    String text = new String(bytes, 0, bytes.length & ~1, encoding).replaceFirst("\ufffd$", "");
    return text.chars().noneMatch(c -> c == '\ufffd' || isIllegalControl(c));
  }

  private static boolean isIllegalControl(int value) {
    return value < ' ' && LEGAL_CONTROLS.indexOf(value) < 0;
  }

  private static boolean hasControls(byte[] bytes) {
    for (byte value : bytes) {
      if (isIllegalControl(value & 0xff)) {
        return true;
      }
    }
    return false;
  }

  private static boolean undefinedInWindows1252(byte[] bytes) {
    for (byte value : bytes) {
      if (UNDEFINED_IN_WINDOWS_1252.indexOf(value & 0xff) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns the command that writes a text without its illegal bytes to a new file. */
  private static String dropBadBytes(String name) {
    boolean download = WebText.isUrl(name);
    String base = download ? "corpus" : name.replaceFirst("(?<=[^/])\\.[^./]*$", "");
    String target = quoted(base + "-utf8.txt");
    String convert = "iconv -c -f UTF-8 -t UTF-8";
    String command =
        download
            ? "curl -fL " + quoted(name) + " | " + convert + " > " + target
            : convert + " " + quoted(name) + " > " + target;
    return "run " + command + " and name that file with --corpus";
  }

  /** Returns a word that a shell reads as one argument. */
  private static String quoted(String word) {
    return word.matches(PLAIN_ARGUMENT) ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
