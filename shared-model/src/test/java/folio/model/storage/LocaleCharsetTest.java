package folio.model.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LocaleCharsetTest {
  @Test
  void findsCharactersBeyondAsciiUnlessTheCharsetIsUtf8() {
    Map<String, String> texts = Map.of("FOLIO_ADMIN_TOKEN", "caf\u00e9", "FOLIO_SLOTS", "8");

    assertThat(LocaleCharset.findUnreadable("ISO-8859-1", texts))
        .hasValue(
            "FOLIO_ADMIN_TOKEN has characters that Java cannot read in the charset of the locale,"
                + " ISO-8859-1; set LC_ALL=C.UTF-8, or use ./folio, which sets it");
    assertThat(LocaleCharset.findUnreadable("UTF-8", texts)).isEmpty();
    assertThat(LocaleCharset.findUnreadable("ANSI_X3.4-1968", Map.of("FOLIO_SLOTS", "8")))
        .isEmpty();
  }
}
