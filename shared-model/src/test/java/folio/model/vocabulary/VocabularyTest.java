package folio.model.vocabulary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VocabularyTest {
  private final Vocabulary vocabulary = Vocabulary.of("héllo 🌍\nhello");

  @Test
  void sortsDistinctCodePoints() {
    assertThat(vocabulary.characters()).containsExactly("\n", " ", "e", "h", "l", "o", "é", "🌍");
  }

  @Test
  void decodingReversesEncoding() {
    String text = "é🌍 hell\n";

    assertThat(vocabulary.decode(vocabulary.encode(text))).isEqualTo(text);
    assertThat(vocabulary.encode("🌍")).containsExactly(7);
  }

  @ParameterizedTest
  @CsvSource({"'aN ', 'N'", "'!a ', ' '", "'cba', 'a'", "'🌍', '🌍'"})
  void theDefaultPromptIsALineBreakOrASpaceOrTheFirstCharacter(String characters, String prompt) {
    Vocabulary other = Vocabulary.of(characters.replace("N", "\n"));

    assertThat(other.defaultPrompt(null)).isEqualTo(prompt.replace("N", "\n"));
    assertThat(other.encode(other.defaultPrompt(null))).hasSize(1);
  }

  @Test
  void theDefaultPromptOfDocumentsIsTheEndOfTheirSeparator() {
    assertThat(vocabulary.defaultPrompt("\n🌍")).isEqualTo("🌍");
  }

  @Test
  void theUnknownEntryIsNotTheReplacementCharacterOfTheText() {
    Vocabulary known = Vocabulary.of("a\ufffdb").withUnknownEntry();

    assertThat(known.size()).isEqualTo(4);
    assertThat(known.characterCount()).isEqualTo(3);
    assertThat(known.characters()).containsExactly("a", "b", "\ufffd");
    assertThat(known.encode("a\ufffdb")).containsExactly(0, 2, 1);
    assertThat(known.encode("xa🌍", UnknownCharacters.REPLACE)).containsExactly(3, 0, 3);
    assertThat(known.unknownId()).isEqualTo(3);
    assertThat(known.decode(3, 0)).isEqualTo("\ufffda");
  }

  @Test
  void skipsOrRejectsUnknownCharacters() {
    assertThat(vocabulary.encode("x🌍yhz", UnknownCharacters.SKIP)).containsExactly(7, 3);
    assertThat(vocabulary.encode("xyz", UnknownCharacters.SKIP)).isEmpty();
    assertThatThrownBy(() -> vocabulary.encode("hx", UnknownCharacters.REPLACE))
        .isInstanceOf(UnknownCharacterException.class)
        .hasMessageContaining("'x' (U+0078) at position 1")
        .hasMessageContaining("no unknown entry");
    assertThatThrownBy(() -> vocabulary.withUnknownEntry().encode("hx", UnknownCharacters.REJECT))
        .isInstanceOf(UnknownCharacterException.class);
  }

  @Test
  void aVocabularyWithAnUnknownEntryIsAnotherOne() {
    Vocabulary with = vocabulary.withUnknownEntry();

    assertThat(with).isNotEqualTo(vocabulary).isEqualTo(vocabulary.withUnknownEntry());
    assertThat(vocabulary.with(with)).isEqualTo(with);
    assertThat(Vocabulary.of("z").with(with).unknownId()).isEqualTo(9);
  }

  @Test
  void namesTheUnknownCharacterAndItsPositionInCodePoints() {
    assertThatThrownBy(() -> vocabulary.encode("🌍🌍x"))
        .isInstanceOf(UnknownCharacterException.class)
        .hasMessage("character 'x' (U+0078) at position 2 is not in the vocabulary");
    assertThatThrownBy(() -> vocabulary.encode("\u0007"))
        .hasMessage("character U+0007 at position 0 is not in the vocabulary");
    assertThatThrownBy(() -> vocabulary.encode("\ud800"))
        .hasMessage("character U+D800 at position 0 is not in the vocabulary");
  }

  @Test
  void rejectsIllegalVocabularies() {
    assertThatThrownBy(() -> Vocabulary.ofCharacters(List.of("a", "a")))
        .hasMessageContaining("characters[1]");
    assertThatThrownBy(() -> Vocabulary.ofCharacters(List.of("b", "a")))
        .hasMessageContaining("characters[1] does not come after characters[0]");
    assertThatThrownBy(() -> Vocabulary.ofCharacters(List.of("ab")))
        .hasMessageContaining("characters[0] is not exactly one code point");
    assertThatThrownBy(() -> Vocabulary.of("")).hasMessageContaining("at least one");
  }
}
