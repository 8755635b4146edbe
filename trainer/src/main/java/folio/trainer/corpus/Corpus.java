package folio.trainer.corpus;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.vocabulary.UnknownCharacterException;
import folio.model.vocabulary.Vocabulary;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
  private final TextStructure structure;
  private final Parts parts;
  private final String licence;

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
  }

  /**
   * The texts of a corpus.
   *
   * @param text the text that is split
   * @param validation the validation part, or null if it is a part of {@code text}
   * @param test the test part, or null if it is a part of {@code text}
   */
  record Parts(Region text, Region validation, Region test) {
    Stream<Region> all() {
      return Stream.of(text, validation, test).filter(Objects::nonNull);
    }
  }

  /**
   * Creates a corpus without a licence.
   *
   * @param name the name that the user entered
   * @param alphabet the characters of all texts
   */
  Corpus(String name, String sha256, Alphabet alphabet, TextStructure structure, Parts parts) {
    this(name, sha256, alphabet, structure, parts, null);
  }

  private Corpus(
      String name,
      String sha256,
      Alphabet alphabet,
      TextStructure structure,
      Parts parts,
      String licence) {
    this.name = name;
    this.sha256 = sha256;
    this.alphabet = alphabet;
    this.structure = structure;
    this.parts = parts;
    this.licence = licence;
  }

  /**
   * Returns the same text with a licence.
   *
   * @param other the licence in the user's words, or null if the user named none
   */
  public Corpus withLicence(String other) {
    return new Corpus(name, sha256, alphabet, structure, parts, other);
  }

  /** Returns the entry of this corpus in a manifest, with its public name. */
  public CheckpointManifest.Corpus description() {
    String publicName = CheckpointManifest.Corpus.publicName(name);
    return new CheckpointManifest.Corpus(publicName, sha256, length(), licence);
  }

  /** Returns the number of characters of all parts. */
  public long length() {
    return parts.all().mapToLong(Region::length).sum();
  }

  /** Returns the text that ends each document. */
  public DocumentSeparator separator() {
    return structure.separator();
  }

  /**
   * Returns the vocabulary of the complete text. It has an unknown entry if some characters are too
   * rare to have their own.
   *
   * @throws CorpusException if every character is too rare
   */
  public Vocabulary vocabulary() {
    int[] kept = IntStream.range(0, alphabet.size()).filter(this::isKept).toArray();
    if (kept.length == 0) {
      throw new CorpusException(
          "--min-frequency is "
              + structure.minFrequency()
              + ", but every character of --corpus "
              + name
              + " is rarer; lower it");
    }
    Vocabulary vocabulary =
        Vocabulary.ofCodePoints(Arrays.stream(kept).map(alphabet::codePoint).toArray());
    return kept.length == alphabet.size() ? vocabulary : vocabulary.withUnknownEntry();
  }

  /** Returns whether a character has its own entry. Each character of the separator has one. */
  private boolean isKept(int number) {
    return alphabet.occurrences(number) >= structure.minFrequency()
        || structure.separator().text().indexOf(alphabet.codePoint(number)) >= 0;
  }

  /** Returns the size of the stored text in bytes. */
  public long bytes() {
    return parts.all().mapToLong(region -> region.characters().bytes()).sum();
  }

  /**
   * The characters that have no own entry in the vocabulary.
   *
   * @param distinct the number of different ones
   * @param occurrences the number of all their occurrences
   */
  public record Rare(int distinct, long occurrences) {}

  /** Counts the characters that are too rare for the vocabulary. */
  public Rare rare() {
    int[] rare = IntStream.range(0, alphabet.size()).filter(number -> !isKept(number)).toArray();
    return new Rare(rare.length, Arrays.stream(rare).mapToLong(alphabet::occurrences).sum());
  }

  /**
   * Returns the whole text, without the validation and test parts that have a text of their own.
   *
   * @throws CorpusException if the vocabulary has neither a character nor an unknown entry
   */
  public EncodedText whole(Vocabulary vocabulary) {
    return encoded(parts.text(), ids(vocabulary));
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
   * Returns the parts. Each one of a text with documents begins with a document.
   *
   * @throws CorpusException if the vocabulary has neither a character nor an unknown entry, or if
   *     the validation part is shorter than the two characters that a loss needs
   */
  public Split split(Vocabulary vocabulary, Division division) {
    SplitRule rule = division.rule();
    boolean hashed = structure.byHash() != null;
    double validationShare = hashed || parts.validation() != null ? 0 : rule.validation();
    double testShare = hashed || parts.test() != null ? 0 : rule.test();
    double all = rule.training() + validationShare + testShare;
    int[] ids = ids(vocabulary);
    EncodedText text = encoded(parts.text(), ids);
    long length = text.length();
    long trainingEnd = boundary(text, (long) (length * (rule.training() / all)));
    long validationEnd =
        testShare == 0
            ? length
            : boundary(text, (long) (length * ((rule.training() + validationShare) / all)));
    EncodedText validation =
        parts.validation() == null
            ? text.part(trainingEnd, validationEnd)
            : encoded(parts.validation(), ids);
    EncodedText test =
        parts.test() == null ? text.part(validationEnd, length) : encoded(parts.test(), ids);
    if (validation.length() < 2) {
      throw new CorpusException(
          "--corpus "
              + name
              + " is too short: its validation part has "
              + validation.length()
              + " characters and must have at least two");
    }
    long taken = boundary(text, (long) (trainingEnd * division.fraction()));
    long minHeldOut = division.holdout() == 0 ? 0 : Math.min(2, taken); // a loss needs two
    long heldOut = Math.max(minHeldOut, (long) (taken * division.holdout()));
    long trained = boundary(text, taken - heldOut);
    return new Split(text.part(0, trained), text.part(trained, taken), validation, test);
  }

  /**
   * Returns the first position from another one on at which a part may begin. In the last document,
   * it is the beginning of that document, so that the next part is not empty.
   */
  private static long boundary(EncodedText text, long position) {
    if (!text.hasDocuments() || position == text.length()) {
      return position;
    }
    long at = position;
    while (at > 0 && at < text.length() && !text.endsDocument(at - 1)) {
      at++;
    }
    if (at == text.length()) {
      at = position;
      while (at > 0 && !text.endsDocument(at - 1)) {
        at--;
      }
    }
    return at;
  }

  private EncodedText encoded(Region region, int[] ids) {
    int[] separator =
        Arrays.stream(structure.separator().codePoints()).map(alphabet::number).toArray();
    return new EncodedText(region.characters(), ids, separator, region.begin(), region.end());
  }

  /** Returns the id of each number of the alphabet. */
  private int[] ids(Vocabulary vocabulary) {
    int[] ids = new int[alphabet.size()];
    boolean unknown = false;
    for (int number = 0; number < ids.length; number++) {
      ids[number] = vocabulary.idOrUnknown(alphabet.codePoint(number));
      unknown |= ids[number] < 0;
    }
    if (unknown) {
      throw unknownCharacter(ids);
    }
    return ids;
  }

  private CorpusException unknownCharacter(int[] ids) {
    long before = 0;
    for (Region region : parts.all().toList()) {
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
    Region text = parts.text();
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
