package folio.model.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LocaleCharsetTest {
  @Test
  void findsCharactersBeyondAsciiUnlessTheCharsetIsUtf8() {
    assertThat(LocaleCharset.findUnreadable("ISO-8859-1", Stream.of("a", "/data/é")))
        .hasValue(
            "'/data/é' has characters that Java cannot read in the charset of the locale,"
                + " ISO-8859-1; set LC_ALL=C.UTF-8, or use ./folio, which sets it");
    assertThat(LocaleCharset.findUnreadable("UTF-8", Stream.of("/data/é"))).isEmpty();
    assertThat(LocaleCharset.findUnreadable("ANSI_X3.4-1968", Stream.of("/data/e"))).isEmpty();
  }
}
