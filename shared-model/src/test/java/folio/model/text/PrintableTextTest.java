package folio.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintableTextTest {
  @ParameterizedTest
  @CsvSource({
    "ROMEO: ähnlich 京 \uD83D\uDE00, ROMEO: ähnlich 京 \uD83D\uDE00",
    "'a\nb', a\\u000ab",
    "'\u001b[31m', \\u001b[31m",
    "a\u202Eb, a\\u202eb",
    "a\u2028b, a\\u2028b",
    "a\uD83Db, a\\ud83db",
  })
  void escapesWhatCannotBeSeen(String text, String escaped) {
    assertThat(PrintableText.escape(text)).isEqualTo(escaped);
  }

  @Test
  void keepsLineBreaksOnly() {
    assertThat(PrintableText.escapeLines("a\nb\u001b\n\n")).isEqualTo("a\nb\\u001b\n\n");
  }
}
