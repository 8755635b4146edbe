package folio.trainer.corpus;

import folio.model.sampling.SeededRandom;
import java.util.Arrays;

/**
 * Distributes documents to the training, validation and test parts by a hash of their text. So the
 * order of the documents does not matter, and equal documents are in the same part.
 */
final class DocumentParts {
  /** A longer document is a sign of a wrong separator. */
  private static final int MAX_DOCUMENT = 1 << 24;

  private static final long HASH_FACTOR = 31;

  private final SplitRule rule;
  private final CharacterStore training = new CharacterStore();
  private final CharacterStore validation = new CharacterStore();
  private final CharacterStore test = new CharacterStore();
  private int[] document = new int[1024];
  private int length;
  private long hash;

  DocumentParts(SplitRule rule) {
    this.rule = rule;
  }

  /**
   * Appends a character to the current document.
   *
   * @throws CorpusException if the document is too long
   */
  void add(int codePoint, int number) {
    if (length == MAX_DOCUMENT) {
      throw new CorpusException(
          String.format(
              "a document has more than %,d characters; choose another --document-separator, or"
                  + " --split-by position",
              MAX_DOCUMENT));
    }
    if (length == document.length) {
      document = Arrays.copyOf(document, 2 * length);
    }
    document[length++] = number;
    hash = HASH_FACTOR * hash + codePoint;
  }

  /** Ends the current document. */
  void end() {
    CharacterStore part = part(100 * SeededRandom.uniform(hash, 0));
    for (int i = 0; i < length; i++) {
      part.add(document[i]);
    }
    length = 0;
    hash = 0;
  }

  private CharacterStore part(double percentile) {
    if (percentile < rule.training()) {
      return training;
    }
    return percentile < rule.training() + rule.validation() || rule.test() == 0 ? validation : test;
  }

  /** Returns the training part. */
  CharacterStore training() {
    return training;
  }

  /** Returns the validation part. */
  CharacterStore validation() {
    return validation;
  }

  /** Returns the test part. */
  CharacterStore test() {
    return test;
  }
}
