package folio.trainer.corpus;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** A decoder of UTF-8 texts, whose errors name the likely encoding and a command that converts. */
final class TextBytes {
  /** A text is taken for UTF-16 without a mark if it has this share of characters below U+0100. */
  private static final double LATIN_SHARE = 0.5;

  /** The control characters that texts hold: blanks, the end of a DOS file, and escape. */
  private static final String LEGAL_CONTROLS = "\t\n\013\f\r\032\033";

  private static final String PLAIN_ARGUMENT = "[A-Za-z0-9_@%+=:,./-]+";

  private TextBytes() {}

  /**
   * Returns the text of UTF-8 bytes.
   *
   * @param name the name that the user entered: a file's path or a URL
   * @throws CorpusException if the bytes are empty, binary or in another encoding
   */
  static String decode(String name, byte[] bytes) {
    if (bytes.length == 0) {
      throw new CorpusException("--corpus " + name + " is empty; name a text to train on");
    }
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    String text = out.flip().toString();
    boolean hasNul = text.indexOf('\0') >= 0;
    if (!hasNul && !result.isError()) {
      return text;
    }
    String wide = wideEncoding(bytes);
    if (wide != null) {
      throw new CorpusException(
          "--corpus " + name + " is " + wide + ", not UTF-8; " + convert(name, "-f " + wide));
    }
    if (hasNul || hasControls(bytes)) {
      throw new CorpusException(
          "--corpus "
              + name
              + " is binary (it holds "
              + (hasNul ? "NUL" : "control characters")
              + "); name a text to train on");
    }
    String problem = "--corpus " + name + " is not UTF-8 at byte " + in.position();
    if (text.codePoints().anyMatch(character -> character > 0x7f)) {
      // Other encodings rarely form a valid sequence of UTF-8, so the text is damaged UTF-8.
      throw new CorpusException(
          problem + ", but before it; to drop such bytes, " + convert(name, "-c -f UTF-8"));
    }
    String encoding = undefinedInWindows1252(bytes) ? "ISO-8859-1" : "WINDOWS-1252";
    throw new CorpusException(
        problem + "; it is probably " + encoding + ": " + convert(name, "-f " + encoding));
  }

  /**
   * Returns the name of an encoding of 16 or 32 bits that iconv knows, or null for a narrow one.
   */
  private static String wideEncoding(byte[] bytes) {
    int first = word(bytes, 0);
    int second = word(bytes, 2);
    if ((first == 0xfffe && second == 0) || (first == 0 && second == 0xfeff)) {
      return "UTF-32";
    }
    if (first == 0xfffe || first == 0xfeff) {
      return "UTF-16"; // iconv reads the byte order from the first two bytes and drops them
    }
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
    String text = new String(bytes, encoding);
    return text.chars().noneMatch(c -> c == '\ufffd' || isIllegalControl(c));
  }

  private static boolean isIllegalControl(int value) {
    return value < ' ' && LEGAL_CONTROLS.indexOf(value) < 0;
  }

  private static int word(byte[] bytes, int offset) {
    return offset + 1 < bytes.length
        ? ((bytes[offset] & 0xff) << 8) | (bytes[offset + 1] & 0xff)
        : -1;
  }

  /** Returns whether there are control characters that texts do not hold. */
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
      if ("\u0081\u008d\u008f\u0090\u009d".indexOf(value & 0xff) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns the command that writes a text as UTF-8 to a new file. */
  private static String convert(String name, String options) {
    boolean download = WebText.isUrl(name);
    String base = download ? "corpus" : name.replaceFirst("(?<=[^/])\\.[^./]*$", "");
    String target = quoted(base + "-utf8.txt");
    String command =
        download
            ? "curl -fL " + quoted(name) + " | iconv " + options + " -t UTF-8 > " + target
            : "iconv " + options + " -t UTF-8 " + quoted(name) + " > " + target;
    return "run " + command + " and name that file with --corpus";
  }

  /** Returns a word that a shell reads as one argument. */
  private static String quoted(String word) {
    return word.matches(PLAIN_ARGUMENT) ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
