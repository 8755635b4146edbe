package folio.trainer.corpus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The texts of corpora as strings. */
final class CorpusTexts {
  private CorpusTexts() {}

  /** Returns the text of a corpus. */
  static String of(Corpus corpus) {
    try {
      Path file = Files.createTempFile("corpus", ".txt");
      try {
        corpus.write(file);
        return Files.readString(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the text of a part of a corpus. */
  static String of(Corpus corpus, EncodedText part) {
    return corpus.vocabulary().decode(part.first((int) part.length()));
  }
}
