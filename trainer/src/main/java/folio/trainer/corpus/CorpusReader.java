package folio.trainer.corpus;

import folio.trainer.corpus.TextFiles.TextFile;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * A reader of texts. It reads them one after the other, each once, and passes their characters on.
 */
final class CorpusReader {
  /** A file of a folder is checked before any of it is kept, up to this size in bytes. */
  private static final int MAX_CHECKED = 16 << 20;

  private static final int SHOWN_NAMES = 3;
  private static final int PROGRESS_BYTES = 1 << 20;

  private final TextFormat format;
  private final Consumer<String> notes;
  private final IntConsumer sink;
  private final Runnable onTextEnd;
  private final List<String> skipped = new ArrayList<>();
  private long length;
  private int lastCharacter = '\n';
  private String lastMessage;

  /**
   * Creates a reader, which reads once.
   *
   * @param notes receives lines for the user
   * @param sink receives each code point
   * @param onTextEnd runs after each text; if null, a text that does not end with a line feed gets
   *     one before the next text
   */
  CorpusReader(TextFormat format, Consumer<String> notes, IntConsumer sink, Runnable onTextEnd) {
    this.format = format;
    this.notes = notes;
    this.sink = sink;
    this.onTextEnd = onTextEnd;
  }

  /** A text of a corpus: a file, or standard input if the file is null. */
  record Source(String name, TextFile file) {
    long size() {
      try {
        return file == null ? -1 : Files.size(file.path());
      } catch (IOException e) {
        return -1; // reading it reports why
      }
    }

    InputStream open() throws IOException {
      return file == null ? System.in : Files.newInputStream(file.path());
    }

    boolean inFolder() {
      return file != null && file.inFolder();
    }
  }

  /**
   * Reads texts.
   *
   * @throws CorpusException if a text cannot be read, or if all of them together are empty
   */
  void read(List<Source> sources, ReadProgress progress) {
    long[] sizes = sources.stream().mapToLong(Source::size).toArray();
    long total = 0;
    for (long size : sizes) {
      total = size < 0 || total < 0 ? -1 : total + size;
    }
    CountedBytes counted = new CountedBytes(total, progress);
    for (Source source : sources) {
      try (InputStream in = counted.count(source.open())) {
        TextInputs.visit(source.name(), in, source.inFolder(), this::readText);
      } catch (NoSuchFileException e) {
        throw new CorpusException(
            "--corpus "
                + source.name()
                + ": no such file; name a text file, a folder, an address or tinyshakespeare",
            e);
      } catch (IOException e) {
        throw new CorpusException(
            "--corpus " + source.name() + " cannot be read: " + e.getMessage(), e);
      }
    }
    reportSkipped();
    if (length == 0) {
      String names = sources.get(0).name() + (sources.size() > 1 ? " and the others" : "");
      throw new CorpusException("--corpus " + names + " is empty; name a text to train on");
    }
  }

  private void reportSkipped() {
    if (skipped.isEmpty()) {
      return;
    }
    if (length == 0) {
      throw new CorpusException(lastMessage);
    }
    int shown = Math.min(SHOWN_NAMES, skipped.size());
    String names = String.join(", ", skipped.subList(0, shown));
    notes.accept(
        "skipped "
            + skipped.size()
            + (skipped.size() == 1 ? " file that is" : " files that are")
            + " not text: "
            + names
            + (shown < skipped.size() ? ", ..." : ""));
  }

  private void readText(String name, InputStream in, boolean skippable) throws IOException {
    InputStream whole = in;
    if (skippable) {
      byte[] beginning = in.readNBytes(MAX_CHECKED);
      if (beginning.length < MAX_CHECKED && !isText(name, beginning)) {
        skipped.add(name);
        return;
      }
      InputStream rest =
          new FilterInputStream(in) {
            @Override
            public void close() {
              // An archive's stream stays open for its next text.
            }
          };
      whole = new SequenceInputStream(new ByteArrayInputStream(beginning), rest);
    }
    if (onTextEnd == null && lastCharacter != '\n') {
      add('\n');
    }
    decode(name, whole);
    if (onTextEnd != null) {
      onTextEnd.run();
    }
  }

  private boolean isText(String name, byte[] bytes) throws IOException {
    try {
      new TextDecoder(name, format, codePoint -> {}).decode(new ByteArrayInputStream(bytes));
      return true;
    } catch (CorpusException e) {
      lastMessage = e.getMessage();
      return false;
    }
  }

  private void decode(String name, InputStream in) throws IOException {
    Normalization normalization =
        format.form() == null ? null : new Normalization(format.form(), this::add);
    TextDecoder decoder =
        new TextDecoder(name, format, normalization == null ? this::add : normalization);
    decoder.decode(in);
    if (normalization != null) {
      normalization.end();
    }
    if (decoder.mark() != null) {
      notes.accept(name + " is " + decoder.mark() + ": dropped its byte-order mark");
    }
    if (decoder.convertedLineEnds() > 0) {
      notes.accept(
          String.format(
              "%s: converted %,d line ends to LF; --line-ends keep leaves them as they are",
              name, decoder.convertedLineEnds()));
    }
  }

  private void add(int codePoint) {
    lastCharacter = codePoint;
    length++;
    sink.accept(codePoint);
  }

  /** The number of bytes read from all streams. */
  private static final class CountedBytes {
    private final long total;
    private final ReadProgress progress;
    private long read;
    private long reported;

    CountedBytes(long total, ReadProgress progress) {
      this.total = total;
      this.progress = progress;
    }

    InputStream count(InputStream in) {
      return new FilterInputStream(in) {
        @Override
        public int read() throws IOException {
          int value = super.read();
          add(value < 0 ? 0 : 1);
          return value;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
          int count = super.read(target, offset, length);
          add(Math.max(0, count));
          return count;
        }
      };
    }

    private void add(int count) {
      read += count;
      if (read - reported >= PROGRESS_BYTES) {
        reported = read;
        progress.read(read, total);
      }
    }
  }

  /**
   * Normalises a text piece by piece. A piece ends before a character that never combines with the
   * one before it.
   */
  private static final class Normalization implements IntConsumer {
    private static final int PIECE = 1 << 12;

    private final Normalizer.Form form;
    private final IntConsumer sink;
    private final StringBuilder piece = new StringBuilder();

    Normalization(Normalizer.Form form, IntConsumer sink) {
      this.form = form;
      this.sink = sink;
    }

    @Override
    public void accept(int codePoint) {
      if (piece.length() >= PIECE && startsPiece(codePoint)) {
        end();
      }
      piece.appendCodePoint(codePoint);
    }

    private static boolean startsPiece(int codePoint) {
      return codePoint < 0x80 || Character.isIdeographic(codePoint);
    }

    void end() {
      Normalizer.normalize(piece, form).codePoints().forEach(sink);
      piece.setLength(0);
    }
  }
}
