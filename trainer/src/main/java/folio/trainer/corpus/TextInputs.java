package folio.trainer.corpus;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * The texts in a stream of bytes: the stream itself, or what a gzip, zstd or zip file holds. The
 * first bytes decide, not the name.
 */
final class TextInputs {
  private static final int BUFFER = 1 << 16;
  private static final byte[] GZIP = {0x1f, (byte) 0x8b};
  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final byte[] ZSTD = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};

  /** The folder that the archiver of macOS adds, which holds no texts of the user. */
  private static final String MACOS_FOLDER = "__MACOSX/";

  private TextInputs() {}

  /** Receives the texts of a stream in order. */
  @FunctionalInterface
  interface Visitor {
    /**
     * Receives a text.
     *
     * @param name the name for error messages
     * @param in the bytes, which the visitor reads but does not close
     * @param skippable whether the text is one of several in an archive or a folder, which may also
     *     hold files of other kinds
     */
    void visit(String name, InputStream in, boolean skippable) throws IOException;
  }

  /**
   * Passes the texts of a stream to a visitor.
   *
   * @param in the stream; the caller closes it
   * @param skippable whether the stream is a file of a folder
   */
  static void visit(String name, InputStream in, boolean skippable, Visitor visitor)
      throws IOException {
    BufferedInputStream bytes = new BufferedInputStream(in, BUFFER);
    bytes.mark(ZIP.length);
    byte[] beginning = bytes.readNBytes(ZIP.length);
    bytes.reset();
    if (startsWith(beginning, GZIP)) {
      visitor.visit(name, new GZIPInputStream(bytes, BUFFER), skippable);
    } else if (startsWith(beginning, ZSTD)) {
      visitor.visit(name, new ZstdInputStream(bytes), skippable);
    } else if (startsWith(beginning, ZIP)) {
      visitEntries(name, new ZipInputStream(bytes), visitor);
    } else {
      visitor.visit(name, bytes, skippable);
    }
  }

  /** Returns whether bytes begin with others. */
  static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static void visitEntries(String name, ZipInputStream zip, Visitor visitor)
      throws IOException {
    for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
      String inside = entry.getName();
      if (!entry.isDirectory() && !inside.startsWith(MACOS_FOLDER) && !isHidden(Path.of(inside))) {
        visitor.visit(name + "!" + inside, zip, true);
      }
    }
  }

  /** Returns whether a path has a folder or file whose name begins with a dot. */
  static boolean isHidden(Path path) {
    for (Path element : path) {
      String name = element.toString();
      if (name.startsWith(".") && !name.equals(".") && !name.equals("..")) {
        return true;
      }
    }
    return false;
  }
}
