package folio.trainer.corpus;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.storage.Sha256;
import folio.model.vocabulary.UnknownCharacterException;
import folio.model.vocabulary.Vocabulary;
import java.util.Arrays;

/**
 * A text in code points. As in nanoGPT, the first 90 % are the training part and the last 10 % are
 * the validation part. Immutable; safe for use by any thread.
 *
 * @see <a
 *     href="https://github.com/karpathy/nanoGPT/blob/master/data/shakespeare_char/prepare.py">nanoGPT,
 *     prepare.py</a>
 */
public final class Corpus {
  /** The fraction of the text that is the training part. */
  private static final double TRAINING_FRACTION = 0.9;

  private final String name;
  private final String sha256;
  private final String text;
  private final int[] codePoints;

  private Corpus(String name, String sha256, String text) {
    this.name = name;
    this.sha256 = sha256;
    this.text = text;
    this.codePoints = text.codePoints().toArray();
  }

  /**
   * Returns the corpus of a text's bytes.
   *
   * @param name the name that the user entered
   * @throws CorpusException if the bytes are empty, binary or not UTF-8; the message says how to
   *     convert them
   */
  static Corpus of(String name, byte[] utf8) {
    return new Corpus(name, Sha256.hex(utf8), TextBytes.decode(name, utf8));
  }

  /** Returns the entry of this corpus in a manifest, with its public name. */
  public CheckpointManifest.Corpus description() {
    String publicName = CheckpointManifest.Corpus.publicName(name);
    return new CheckpointManifest.Corpus(publicName, sha256, codePoints.length);
  }

  /** Returns the complete text. */
  public String text() {
    return text;
  }

  /** Returns the vocabulary of the complete text. */
  public Vocabulary vocabulary() {
    return Vocabulary.of(text);
  }

  /**
   * Returns the ids of the training part.
   *
   * @param fraction the fraction of the part to take from its beginning, in (0, 1]
   * @throws CorpusException if a character is not in the vocabulary
   */
  public int[] training(Vocabulary vocabulary, double fraction) {
    int end = (int) (codePoints.length * TRAINING_FRACTION);
    return encode(vocabulary, 0, (int) (end * fraction));
  }

  /**
   * Returns the ids of the validation part.
   *
   * @throws CorpusException if a character is not in the vocabulary, or if the part is shorter than
   *     the two characters that a loss needs
   */
  public int[] validation(Vocabulary vocabulary) {
    int start = (int) (codePoints.length * TRAINING_FRACTION);
    if (codePoints.length - start < 2) {
      throw new CorpusException(
          "--corpus " + name + " is too short: its last tenth must hold at least two characters");
    }
    return encode(vocabulary, start, codePoints.length);
  }

  /**
   * The ids of a corpus in three parts.
   *
   * @param training the text to train on
   * @param heldOut the text by which the best network is selected; may be empty
   * @param validation the text by which the selected network is measured
   */
  public record Split(int[] training, int[] heldOut, int[] validation) {}

  /**
   * Returns the training part without its held-out end, that end, and the validation part.
   *
   * @param fraction the fraction of the training part to take from its beginning, in (0, 1]
   * @param holdout the fraction of the taken part that is held out from its end, in [0, 1)
   * @throws CorpusException if a character is not in the vocabulary, or if the validation part is
   *     shorter than the two characters that a loss needs
   */
  public Split split(Vocabulary vocabulary, double fraction, double holdout) {
    int[] validation = validation(vocabulary);
    int[] training = training(vocabulary, fraction);
    int minHeldOut = holdout == 0 ? 0 : Math.min(2, training.length); // a loss needs two
    int heldOut = Math.max(minHeldOut, (int) (training.length * holdout));
    int trained = training.length - heldOut;
    return new Split(
        Arrays.copyOf(training, trained),
        Arrays.copyOfRange(training, trained, training.length),
        validation);
  }

  private int[] encode(Vocabulary vocabulary, int from, int to) {
    int[] ids = new int[to - from];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = vocabulary.id(codePoints[from + i]);
      if (ids[i] < 0) {
        UnknownCharacterException unknown =
            new UnknownCharacterException(codePoints[from + i], from + i);
        throw new CorpusException(
            "--corpus " + name + ": " + unknown.getMessage() + " of the checkpoint", unknown);
      }
    }
    return ids;
  }

  @Override
  public String toString() {
    return name
        + " ("
        + codePoints.length
        + " characters, "
        + Arrays.stream(codePoints).distinct().count()
        + " distinct)";
  }
}
