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

    assertThat(other.defaultPrompt()).isEqualTo(prompt.replace("N", "\n"));
    assertThat(other.encode(other.defaultPrompt())).hasSize(1);
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
