package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.storage.Sha256;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The parts, the vocabulary, the digest and the memory of a corpus. */
class CorpusTest {
  @TempDir Path folder;

  private Corpus open(CorpusRequest request) {
    return new CorpusSource(folder.resolve("cache"), false, note -> {}, ReadProgress.NONE)
        .open(request);
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  private Corpus open(String text) throws IOException {
    return open(CorpusRequest.of(file("corpus.txt", text)));
  }

  private static List<String> parts(Corpus corpus, Division division) {
    Corpus.Split split = corpus.split(corpus.vocabulary(), division);
    List<String> parts = new ArrayList<>();
    for (EncodedText part :
        List.of(split.training(), split.heldOut(), split.validation(), split.test())) {
      parts.add(CorpusTexts.of(corpus, part));
    }
    return parts;
  }

  private static Division rule(String rule) {
    return new Division(SplitRule.parse(rule), 1, 0);
  }

  @Test
  void splitsLikeNanoGpt() throws IOException {
    Corpus corpus = open("abcdefghijklmnopqrst");

    assertThat(parts(corpus, Division.DEFAULT)).containsExactly("abcdefghijklmnopqr", "", "st", "");
    assertThat(parts(corpus, new Division(SplitRule.DEFAULT, 0.5, 0)))
        .containsExactly("abcdefghi", "", "st", "");
    assertThat(parts(corpus, new Division(SplitRule.DEFAULT, 0.5, 0.3)))
        .containsExactly("abcdefg", "hi", "st", "");
  }

  @Test
  void splitsATestPartOff() throws IOException {
    Corpus corpus = open("abcdefghijklmnopqrst");

    assertThat(parts(corpus, rule("80,10,10"))).containsExactly("abcdefghijklmnop", "", "qr", "st");
    assertThat(parts(corpus, rule("50,50"))).containsExactly("abcdefghij", "", "klmnopqrst", "");
  }

  @Test
  void takesPartsFromTextsOfTheirOwn() throws IOException {
    String text = file("text.txt", "abcdefghij");
    String validation = file("validation.txt", "xyz");
    String test = file("test.txt", "uvw");
    CorpusRequest both =
        new CorpusRequest(
            List.of(text),
            List.of(validation),
            List.of(test),
            TextFormat.DEFAULT,
            TextStructure.DEFAULT);
    CorpusRequest testOnly =
        new CorpusRequest(
            List.of(text), List.of(), List.of(test), TextFormat.DEFAULT, TextStructure.DEFAULT);

    assertThat(parts(open(both), Division.DEFAULT)).containsExactly("abcdefghij", "", "xyz", "uvw");
    assertThat(parts(open(testOnly), rule("60,20,20")))
        .as("the other parts share what is left")
        .containsExactly("abcdefg", "", "hij", "uvw");
    assertThat(open(both).vocabulary()).isEqualTo(Vocabulary.of("abcdefghijuvwxyz"));
    assertThat(open(both).description().sha256())
        .isNotEqualTo(open(testOnly).description().sha256());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "90|two or three percentages",
        "80,10,5,5|two or three percentages",
        "80,ten,10|is not a percentage",
        "80,10|their sum 100",
        "100,0|above 0",
        "NaN,10|above 0",
      })
  void rejectsAnIllegalSplit(String rule, String reason) {
    assertThatThrownBy(() -> SplitRule.parse(rule))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"90,10", "80,10,10", "99.5,0.25,0.25"})
  void writesASplitAsItIsParsed(String rule) {
    assertThat(SplitRule.parse(rule)).hasToString(rule);
  }

  @Test
  void readsTinyShakespeare() {
    Path file = Path.of(System.getProperty("test.corpus", "none"));
    Assumptions.assumeTrue(Files.exists(file), "no tiny-shakespeare at " + file);
    Corpus corpus = open(CorpusRequest.of(file.toString()));

    assertThat(corpus.description().characters()).isEqualTo(1_115_394);
    assertThat(corpus.vocabulary().size()).isEqualTo(65);
    assertThat(corpus.description().sha256()).startsWith("86c4e6aa9db7c042");
    assertThat(corpus.split(corpus.vocabulary(), Division.DEFAULT).validation().length())
        .isEqualTo(111_540);
  }

  /** The service shows the name to its clients. */
  @Test
  void describesAFileWithoutItsFolder() throws IOException {
    assertThat(open("some text").description().name()).isEqualTo("corpus.txt");
    assertThat(CheckpointManifest.Corpus.publicName("https://me:secret@host/a/b.txt?key=1#c"))
        .isEqualTo("https://host/a/b.txt");
    assertThat(CheckpointManifest.Corpus.publicName("tiny-shakespeare"))
        .isEqualTo("tiny-shakespeare");
  }

  /** One character more than a segment of the store holds, of each width in UTF-8 and in memory. */
  @ParameterizedTest
  @ValueSource(ints = {'a', 0xe9, 0x4e00, 0x1f600})
  void aTextIsTheSameInMemory(int codePoint) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      text.appendCodePoint(codePoint + i % 90).appendCodePoint(0x5000 + i);
    }
    text.append(Character.toString(codePoint).repeat(1 << 20));
    Corpus corpus = open(text.toString());

    assertThat(CorpusTexts.of(corpus)).isEqualTo(text.toString());
    assertThat(corpus.vocabulary()).isEqualTo(Vocabulary.of(text.toString()));
    assertThat(corpus.description().sha256())
        .isEqualTo(Sha256.hex(text.toString().getBytes(StandardCharsets.UTF_8)));
    EncodedText training = corpus.split(corpus.vocabulary(), Division.DEFAULT).training();
    assertThat(corpus.vocabulary().decode(training.first(50)))
        .isEqualTo(text.substring(0, text.offsetByCodePoints(0, 50)));
  }

  @Test
  void namesTheFirstCharacterThatACheckpointDoesNotKnow() throws IOException {
    Corpus corpus = open("abc\u00e9abc abcabc");
    assertThatThrownBy(() -> corpus.split(Vocabulary.of("abc"), Division.DEFAULT))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("character '\u00e9' (U+00E9) at position 3 is not in the vocabulary");
  }

  @Test
  void rejectsATextWithoutAValidationPart() throws IOException {
    Corpus corpus = open("short");
    assertThatThrownBy(() -> corpus.split(corpus.vocabulary(), Division.DEFAULT))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("too short: its validation part has 1 characters");
  }

  @Test
  void reportsHowMuchWasRead() throws IOException {
    String text = file("long.txt", "a line of text\n".repeat(200_000));
    List<Long> read = new ArrayList<>();
    new CorpusSource(
            folder,
            false,
            note -> {},
            (bytes, total) -> {
              assertThat(total).isEqualTo(3_000_000);
              read.add(bytes);
            })
        .open(CorpusRequest.of(text));
    assertThat(read).isSorted().hasSize(2);
  }
}
