package folio.trainer.corpus;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.storage.Sha256;
import folio.model.vocabulary.UnknownCharacterException;
import folio.model.vocabulary.Vocabulary;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A text in code points. As in nanoGPT, its first 90 % are trained on and its last 10 % validate.
 * Immutable; safe for use by any thread.
 *
 * @see <a
 *     href="https://github.com/karpathy/nanoGPT/blob/master/data/shakespeare_char/prepare.py">the
 *     split</a>
 */
public final class Corpus {
  private static final double TRAINING_PART = 0.9;

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
   * A corpus from its bytes.
   *
   * @param name as the user gave it
   * @throws CorpusException if the bytes are empty, binary or not UTF-8
   */
  static Corpus of(String name, byte[] utf8) {
    if (utf8.length == 0) {
      throw new CorpusException("--corpus " + name + " is empty; name a text to train on");
    }
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(utf8);
    CharBuffer out = CharBuffer.allocate(utf8.length);
    CoderResult result = decoder.decode(in, out, true);
    String text = out.flip().toString();
    if (text.indexOf('\0') >= 0) {
      throw new CorpusException(
          "--corpus " + name + " is binary (it holds NUL); name a text to train on");
    }
    if (result.isError()) {
      throw new CorpusException(
          "--corpus "
              + name
              + " is not UTF-8 at byte "
              + in.position()
              + "; convert it first, for example with iconv -t UTF-8");
    }
    return new Corpus(name, Sha256.hex(utf8), text);
  }

  /** What the manifest tells of it. */
  public CheckpointManifest.Corpus description() {
    return new CheckpointManifest.Corpus(name, sha256, codePoints.length);
  }

  /** All of it. */
  public String text() {
    return text;
  }

  /** The distinct characters of the whole text. */
  public Vocabulary vocabulary() {
    return Vocabulary.of(text);
  }

  /**
   * The ids of the training part.
   *
   * @param fraction how much of it to take from its beginning, in (0, 1]
   * @throws CorpusException if the vocabulary lacks a character of it
   */
  public int[] training(Vocabulary vocabulary, double fraction) {
    int end = (int) (codePoints.length * TRAINING_PART);
    return encode(vocabulary, 0, (int) (end * fraction));
  }

  /**
   * The ids of the validation part.
   *
   * @throws CorpusException if the vocabulary lacks a character of it, or it is shorter than the
   *     two characters that a loss needs
   */
  public int[] validation(Vocabulary vocabulary) {
    int start = (int) (codePoints.length * TRAINING_PART);
    if (codePoints.length - start < 2) {
      throw new CorpusException(
          "--corpus " + name + " is too short: its last tenth must hold at least two characters");
    }
    return encode(vocabulary, start, codePoints.length);
  }

  /**
   * Ids of a corpus, in three parts.
   *
   * @param training what is trained on
   * @param heldOut what chooses between networks; may be empty
   * @param validation what nothing is chosen by
   */
  public record Split(int[] training, int[] heldOut, int[] validation) {}

  /**
   * The training part without its end, its end, and the validation part.
   *
   * @param fraction how much of the training part to take from its beginning, in (0, 1]
   * @param holdout how much of that, its end, is held out, in [0, 1)
   * @throws CorpusException as {@link #training} and {@link #validation}, or if what is held out
   *     has no two characters
   */
  public Split split(Vocabulary vocabulary, double fraction, double holdout) {
    int[] validation = validation(vocabulary);
    int[] training = training(vocabulary, fraction);
    int least = holdout == 0 ? 0 : Math.min(2, training.length); // a loss needs two
    int heldOut = Math.max(least, (int) (training.length * holdout));
    int kept = training.length - heldOut;
    return new Split(
        Arrays.copyOf(training, kept),
        Arrays.copyOfRange(training, kept, training.length),
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
