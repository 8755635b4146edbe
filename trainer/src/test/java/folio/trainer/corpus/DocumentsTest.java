package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents, the parts that they are assigned to, and rare characters. */
class DocumentsTest {
  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();

  private Corpus open(TextStructure structure, String... texts) throws IOException {
    List<String> files = new ArrayList<>();
    for (String text : texts) {
      files.add(Files.writeString(folder.resolve("text" + files.size()), text).toString());
    }
    return new CorpusSource(folder.resolve("cache"), false, notes::add, ReadProgress.NONE)
        .open(new CorpusRequest(files, List.of(), List.of(), TextFormat.DEFAULT, structure));
  }

  private static TextStructure separatedBy(String separator) {
    return new TextStructure(DocumentSeparator.parse(separator), null, 1);
  }

  /** Returns the training and validation parts of the default split as documents. */
  private static List<List<String>> documents(Corpus corpus) {
    Corpus.Split split = corpus.split(corpus.vocabulary(), Division.DEFAULT);
    List<List<String>> parts = new ArrayList<>();
    for (EncodedText part : List.of(split.training(), split.validation())) {
      List<String> documents = new ArrayList<>();
      long begin = 0;
      for (long at = 0; at < part.length(); at++) {
        if (part.endsDocument(at)) {
          documents.add(CorpusTexts.of(corpus, part.part(begin, at + 1)));
          begin = at + 1;
        }
      }
      assertThat(begin).as("the end of the last document").isEqualTo(part.length());
      parts.add(documents);
    }
    return parts;
  }

  @Test
  void everyPartBeginsWithADocument() throws IOException {
    Corpus corpus = open(separatedBy("\\n"), "anna\nbob\nchristopher\ndora\ned\nf\n");

    assertThat(documents(corpus))
        .containsExactly(
            List.of("anna\n", "bob\n", "christopher\n", "dora\n", "ed\n"), List.of("f\n"));
    assertThat(notes).contains("read 6 documents");
  }

  @Test
  void everyTextEndsADocument() throws IOException {
    Corpus corpus = open(separatedBy("\\n\\n"), "one\n\ntwo", "three\n", "four\n\n", "five");

    assertThat(documents(corpus))
        .containsExactly(
            List.of("one\n\n", "two\n\n", "three\n\n", "four\n\n"), List.of("five\n\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ab    | xabab  | xab,ab",
        "aab   | aaab   | aaab",
        "abab  | ababab | abab,ab",
        "aa    | xaaay  | xaa,a,yaa",
        "<end> | <<end>q | <<end>,q<end>"
      })
  void aDocumentEndsWhereTheTextEndsWithTheSeparator(
      String separator, String text, String documents) {
    StringBuilder read = new StringBuilder();
    DocumentEnds ends =
        new DocumentEnds(
            DocumentSeparator.parse(separator), read::appendCodePoint, () -> read.append(','));
    text.codePoints().forEach(ends);
    ends.endText();

    assertThat(read.toString().replaceAll(",$", "")).isEqualTo(documents);
  }

  @Test
  void aHashAssignsEqualDocumentsToTheSamePart() throws IOException {
    List<String> names = IntStream.range(0, 3000).mapToObj(i -> "name" + i + "\n").toList();
    TextStructure structure =
        new TextStructure(DocumentSeparator.parse("\\n"), SplitRule.parse("80,20"), 1);
    Corpus corpus = open(structure, String.join("", names), String.join("", names));
    List<List<String>> parts = documents(corpus);
    Set<String> training = new HashSet<>(parts.get(0));
    Set<String> validation = new HashSet<>(parts.get(1));

    assertThat(training).hasSizeBetween(2300, 2500).doesNotContainAnyElementsOf(validation);
    assertThat(parts.get(0)).hasSize(2 * training.size());
    assertThat(parts.get(0).size() + parts.get(1).size()).isEqualTo(6000);
    Set<String> firstDigits = new TreeSet<>();
    validation.forEach(name -> firstDigits.add(name.substring(4, 5)));
    assertThat(firstDigits).as("validation is not the end of the list").hasSize(9);
  }

  @Test
  void aHashAlsoChoosesATestPart() throws IOException {
    String text = String.join("", IntStream.range(0, 999).mapToObj(i -> i + ";").toList());
    SplitRule rule = SplitRule.parse("50,30,20");
    Corpus corpus = open(new TextStructure(DocumentSeparator.parse(";"), rule, 1), text);
    Corpus.Split split = corpus.split(corpus.vocabulary(), new Division(rule, 1, 0));
    double all = corpus.length();

    assertThat(split.training().length() / all).isBetween(0.45, 0.55);
    assertThat(split.validation().length() / all).isBetween(0.25, 0.35);
    assertThat(split.test().length() / all).isBetween(0.15, 0.25);
  }

  @Test
  void rejectsASeparatorThatDoesNotOccur() {
    assertThatThrownBy(() -> open(separatedBy("\\t"), "no tab\nhere"))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("--document-separator is \\t, which does not occur inside");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\n", "\\n\\n", "\\t|\\\\n", "<|end|>", ""})
  void aSeparatorIsPrintedAsItIsParsed(String escaped) {
    assertThat(DocumentSeparator.parse(escaped)).hasToString(escaped);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\\", "\\x", "12345678901234567890123456789012345678901234567890123456789012345"})
  void rejectsAnIllegalSeparator(String escaped) {
    assertThatThrownBy(() -> DocumentSeparator.parse(escaped))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("it has 65 characters; .*|a backslash must be followed by .*");
  }

  @Test
  void rareCharactersShareTheUnknownEntry() throws IOException {
    TextStructure structure = new TextStructure(DocumentSeparator.NONE, null, 2);
    Corpus corpus = open(structure, "aabbcc\ufffdxyzabc\ufffd!");
    Vocabulary vocabulary = corpus.vocabulary();
    int[] ids = corpus.split(vocabulary, Division.DEFAULT).training().first(100);

    assertThat(vocabulary).isEqualTo(Vocabulary.of("abc\ufffd").withUnknownEntry());
    assertThat(ids).startsWith(0, 0, 1, 1, 2, 2, 3, 4, 4, 4);
    assertThat(corpus.rare()).isEqualTo(new Corpus.Rare(4, 4));
  }

  @Test
  void withoutRareCharactersThereIsNoUnknownEntry() throws IOException {
    TextStructure structure = new TextStructure(DocumentSeparator.NONE, null, 2);

    assertThat(open(structure, "aabb").vocabulary()).isEqualTo(Vocabulary.of("ab"));
  }

  @Test
  void theSeparatorIsNeverRare() throws IOException {
    TextStructure structure = new TextStructure(DocumentSeparator.parse("#"), null, 3);

    assertThat(open(structure, "aaaabbb#b").vocabulary()).isEqualTo(Vocabulary.of("ab#"));
  }

  @Test
  void rejectsAFrequencyThatNoCharacterReaches() {
    TextStructure structure = new TextStructure(DocumentSeparator.NONE, null, 9);

    assertThatThrownBy(() -> open(structure, "aabb").vocabulary())
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("--min-frequency is 9, but every character of --corpus");
  }

  @Test
  void aTextOfAnotherModelMapsToItsUnknownEntry() throws IOException {
    Corpus corpus = open(TextStructure.DEFAULT, "abcabcabcabc");
    Vocabulary model = Vocabulary.of("ab").withUnknownEntry();

    assertThat(Arrays.stream(corpus.split(model, Division.DEFAULT).training().first(3)))
        .containsExactly(0, 1, 2);
  }
}
