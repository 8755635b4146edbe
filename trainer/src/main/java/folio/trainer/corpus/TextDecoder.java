package folio.trainer.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.IntConsumer;

/** A decoder of one stream of bytes, which it reads once, block by block. Owned by one thread. */
final class TextDecoder {
  private static final int BLOCK = 1 << 16;

  /** The encoded byte-order mark of each encoding. */
  private static final Map<Charset, byte[]> MARKS =
      Map.of(
          Charset.forName("UTF-32LE"),
          bytes(0xff, 0xfe, 0, 0),
          Charset.forName("UTF-32BE"),
          bytes(0, 0, 0xfe, 0xff),
          StandardCharsets.UTF_8,
          bytes(0xef, 0xbb, 0xbf),
          StandardCharsets.UTF_16LE,
          bytes(0xff, 0xfe),
          StandardCharsets.UTF_16BE,
          bytes(0xfe, 0xff));

  private static final int MARK = 0xfeff;

  private final String name;
  private final TextFormat format;
  private final IntConsumer sink;
  private byte[] beginning;
  private Charset encoding;
  private boolean nonAscii;
  private boolean marked;
  private boolean started;
  private boolean afterReturn;
  private char high;
  private long lineEnds;

  /**
   * Creates a decoder.
   *
   * @param name the name that the user entered: a file's path or an address
   * @param sink receives each code point
   */
  TextDecoder(String name, TextFormat format, IntConsumer sink) {
    this.name = name;
    this.format = format;
    this.sink = sink;
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** Returns the name of the encoding whose mark was at the beginning, or null without a mark. */
  String mark() {
    return marked ? encoding.name() : null;
  }

  /** Returns how many line ends were CR LF or CR and became LF. */
  long convertedLineEnds() {
    return lineEnds;
  }

  /**
   * Decodes a stream to its end. The caller closes the stream.
   *
   * @throws CorpusException if the bytes are binary or in another encoding; the message says what
   *     to do
   * @throws IOException if the stream cannot be read
   */
  void decode(InputStream in) throws IOException {
    beginning = in.readNBytes(BLOCK);
    ByteBuffer bytes = ByteBuffer.wrap(beginning);
    encoding = chosenEncoding();
    marked = MARKS.containsKey(encoding) && TextInputs.startsWith(beginning, MARKS.get(encoding));
    CharsetDecoder decoder =
        encoding
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CharBuffer characters = CharBuffer.allocate(BLOCK);
    long before = 0; // the bytes of all earlier blocks
    boolean end = bytes.limit() < BLOCK;
    while (true) {
      CoderResult result = decoder.decode(bytes, characters, end);
      if (result.isUnderflow() && end) {
        result = decoder.flush(characters);
      }
      drain(characters);
      if (result.isError()) {
        throw malformed(bytes, before + bytes.position());
      }
      if (result.isUnderflow()) {
        if (end) {
          break;
        }
        before += bytes.position();
        byte[] next = new byte[BLOCK];
        int kept = bytes.remaining();
        bytes.get(next, 0, kept);
        int read = in.readNBytes(next, kept, BLOCK - kept);
        end = kept + read < BLOCK;
        bytes = ByteBuffer.wrap(next, 0, kept + read);
      }
    }
    if (afterReturn) {
      lineEnds++;
      sink.accept('\n');
    }
  }

  private Charset chosenEncoding() {
    if (format.encoding() != null) {
      return format.encoding();
    }
    return MARKS.entrySet().stream()
        .filter(mark -> TextInputs.startsWith(beginning, mark.getValue()))
        .max((a, b) -> a.getValue().length - b.getValue().length)
        .map(Map.Entry::getKey)
        .orElse(StandardCharsets.UTF_8);
  }

  private void drain(CharBuffer characters) {
    characters.flip();
    while (characters.hasRemaining()) {
      char next = characters.get();
      if (next == 0) {
        throw EncodingAdvice.binary(name, beginning, encoding);
      }
      if (Character.isHighSurrogate(next)) {
        high = next;
      } else if (Character.isLowSurrogate(next)) {
        accept(Character.toCodePoint(high, next));
      } else {
        accept(next);
      }
    }
    characters.clear();
  }

  private void accept(int codePoint) {
    nonAscii |= codePoint > 0x7f;
    if (!started) {
      started = true;
      if (codePoint == MARK) {
        return;
      }
    }
    if (format.keepLineEnds()) {
      sink.accept(codePoint);
      return;
    }
    if (afterReturn) {
      afterReturn = false;
      lineEnds++;
      sink.accept('\n');
      if (codePoint == '\n') {
        return;
      }
    }
    if (codePoint == '\r') {
      afterReturn = true;
    } else {
      sink.accept(codePoint);
    }
  }

  private CorpusException malformed(ByteBuffer bytes, long position) {
    byte[] around = new byte[bytes.limit()];
    bytes.duplicate().rewind().get(around);
    return EncodingAdvice.malformed(
        name, encoding, format.encoding() != null, beginning, around, position, nonAscii);
  }
}
