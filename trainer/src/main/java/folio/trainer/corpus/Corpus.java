package folio.trainer.corpus;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.vocabulary.UnknownCharacterException;
import folio.model.vocabulary.Vocabulary;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A text, each character of which takes one, two or four bytes outside the Java heap. Immutable;
 * safe for use by any thread.
 *
 * @see <a
 *     href="https://github.com/karpathy/nanoGPT/blob/master/data/shakespeare_char/prepare.py">nanoGPT,
 *     prepare.py, for the default split</a>
 */
public final class Corpus {
  private final String name;
  private final String sha256;
  private final Alphabet alphabet;
  private final Region text;
  private final Region ownValidation;
  private final Region ownTest;

  /**
   * A part of a stored text.
   *
   * @param begin the position of its first character
   * @param end the position after its last character
   */
  record Region(CharacterStore characters, long begin, long end) {
    static Region all(CharacterStore characters) {
      return new Region(characters, 0, characters.size());
    }

    long length() {
      return end - begin;
    }

    /** Returns the part from a position of this region to another. */
    Region part(long from, long to) {
      return new Region(characters, begin + from, begin + to);
    }
  }

  /**
   * Creates a corpus.
   *
   * @param name the name that the user entered
   * @param alphabet the characters of all texts
   * @param text the text that is split
   * @param ownValidation the validation part, or null if it is a part of {@code text}
   * @param ownTest the test part, or null if it is a part of {@code text}
   */
  Corpus(
      String name,
      String sha256,
      Alphabet alphabet,
      Region text,
      Region ownValidation,
      Region ownTest) {
    this.name = name;
    this.sha256 = sha256;
    this.alphabet = alphabet;
    this.text = text;
    this.ownValidation = ownValidation;
    this.ownTest = ownTest;
  }

  /** Returns the entry of this corpus in a manifest, with its public name. */
  public CheckpointManifest.Corpus description() {
    String publicName = CheckpointManifest.Corpus.publicName(name);
    return new CheckpointManifest.Corpus(publicName, sha256, length());
  }

  /** Returns the number of characters of all parts. */
  public long length() {
    return regions().mapToLong(Region::length).sum();
  }

  private Stream<Region> regions() {
    return Stream.of(text, ownValidation, ownTest).filter(Objects::nonNull);
  }

  /**
   * Returns the vocabulary of the complete text.
   *
   * @throws CorpusException if the text is empty
   */
  public Vocabulary vocabulary() {
    return Vocabulary.ofCodePoints(
        IntStream.range(0, alphabet.size()).map(alphabet::codePoint).toArray());
  }

  /**
   * The parts of a corpus as ids.
   *
   * @param training the text to train on
   * @param heldOut the text by which the best network is selected, if it is not the validation
   *     text; may be empty
   * @param validation the text by which networks are compared
   * @param test the text by which the selected network is measured once; may be empty
   */
  public record Split(
      EncodedText training, EncodedText heldOut, EncodedText validation, EncodedText test) {}

  /**
   * Returns the parts.
   *
   * @throws CorpusException if a character is not in the vocabulary, or if the validation part is
   *     shorter than the two characters that a loss needs
   */
  public Split split(Vocabulary vocabulary, Division division) {
    SplitRule rule = division.rule();
    double validationShare = ownValidation == null ? rule.validation() : 0;
    double testShare = ownTest == null ? rule.test() : 0;
    double all = rule.training() + validationShare + testShare;
    long length = text.length();
    long trainingEnd = (long) (length * (rule.training() / all));
    long validationEnd =
        testShare == 0 ? length : (long) (length * ((rule.training() + validationShare) / all));
    Region validation =
        ownValidation == null ? text.part(trainingEnd, validationEnd) : ownValidation;
    Region test = ownTest == null ? text.part(validationEnd, length) : ownTest;
    if (validation.length() < 2) {
      throw new CorpusException(
          "--corpus "
              + name
              + " is too short: its validation part has "
              + validation.length()
              + " characters and must have at least two");
    }
    int[] ids = ids(vocabulary);
    long taken = (long) (trainingEnd * division.fraction());
    long minHeldOut = division.holdout() == 0 ? 0 : Math.min(2, taken); // a loss needs two
    long trained = taken - Math.max(minHeldOut, (long) (taken * division.holdout()));
    return new Split(
        encoded(text.part(0, trained), ids),
        encoded(text.part(trained, taken), ids),
        encoded(validation, ids),
        encoded(test, ids));
  }

  private static EncodedText encoded(Region region, int[] ids) {
    return new EncodedText(region.characters(), ids, region.begin(), region.end());
  }

  /** Returns the id of each number of the alphabet. */
  private int[] ids(Vocabulary vocabulary) {
    int[] ids = new int[alphabet.size()];
    boolean unknown = false;
    for (int number = 0; number < ids.length; number++) {
      ids[number] = vocabulary.id(alphabet.codePoint(number));
      unknown |= ids[number] < 0;
    }
    if (unknown) {
      throw unknownCharacter(ids);
    }
    return ids;
  }

  private CorpusException unknownCharacter(int[] ids) {
    long before = 0;
    for (Region region : regions().toList()) {
      for (long at = region.begin(); at < region.end(); at++) {
        int number = region.characters().get(at);
        if (ids[number] < 0) {
          long position = before + at - region.begin();
          UnknownCharacterException e =
              new UnknownCharacterException(alphabet.codePoint(number), position);
          return new CorpusException(
              "--corpus " + name + ": " + e.getMessage() + " of the checkpoint", e);
        }
      }
      before += region.length();
    }
    throw new IllegalStateException("every number of the alphabet occurs");
  }

  /**
   * Writes the text that is split to a file, in UTF-8.
   *
   * @throws IOException if the file cannot be written
   */
  public void write(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (long at = text.begin(); at < text.end(); at++) {
        out.append(Character.toString(alphabet.codePoint(text.characters().get(at))));
      }
    }
  }

  @Override
  public String toString() {
    return name + " (" + length() + " characters, " + alphabet.size() + " distinct)";
  }
}
