package folio.trainer.corpus;

import folio.model.storage.Sha256;
import java.security.MessageDigest;
import java.util.HexFormat;

/** The SHA-256 of a text in UTF-8, computed one character at a time. */
final class Utf8Digest {
  private static final int BUFFER = 1 << 16;
  private static final int LONGEST = 4;

  /** A byte that no text in UTF-8 has: it separates the parts of a corpus. */
  private static final byte SEPARATOR = (byte) 0xff;

  private final MessageDigest digest = Sha256.digest();
  private final byte[] buffer = new byte[BUFFER];
  private int filled;
  private int parts;

  /** Adds a code point. */
  void add(int codePoint) {
    if (filled > BUFFER - LONGEST) {
      flush();
    }
    if (codePoint < 0x80) {
      buffer[filled++] = (byte) codePoint;
    } else if (codePoint < 0x800) {
      buffer[filled++] = (byte) (0xc0 | (codePoint >> 6));
      addRest(codePoint, 0);
    } else if (codePoint < 0x10000) {
      buffer[filled++] = (byte) (0xe0 | (codePoint >> 12));
      addRest(codePoint, 6);
    } else {
      buffer[filled++] = (byte) (0xf0 | (codePoint >> 18));
      addRest(codePoint, 12);
    }
  }

  private void addRest(int codePoint, int highestShift) {
    for (int shift = highestShift; shift >= 0; shift -= 6) {
      buffer[filled++] = (byte) (0x80 | ((codePoint >> shift) & 0x3f));
    }
  }

  /** Begins a part of a corpus, and separates it from the part before. */
  void beginPart() {
    if (parts++ > 0) {
      flush();
      digest.update(SEPARATOR);
    }
  }

  private void flush() {
    digest.update(buffer, 0, filled);
    filled = 0;
  }

  /** Returns the digest in lower-case hex. Nothing can be added afterwards. */
  String hex() {
    flush();
    return HexFormat.of().formatHex(digest.digest());
  }
}
