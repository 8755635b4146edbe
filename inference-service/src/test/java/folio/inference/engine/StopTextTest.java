package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StopTextTest {
  private static String feed(StopText stop, String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      out.append(stop.accept(text.substring(i, i + 1)));
      if (stop.stopped()) {
        break;
      }
    }
    return out.toString();
  }

  @Test
  void writesNothingOfTheStopText() {
    StopText stop = new StopText(List.of("END"));

    assertThat(feed(stop, "the ENEND is")).isEqualTo("the EN");
    assertThat(stop.stopped()).isTrue();
    assertThat(stop.flush()).isEmpty();
  }

  @Test
  void releasesWhatCameToNothing() {
    StopText stop = new StopText(List.of("END"));

    assertThat(feed(stop, "the EN")).isEqualTo("the ");
    assertThat(stop.flush()).isEqualTo("EN");
  }

  @Test
  void takesWhicheverComesFirst() {
    StopText stop = new StopText(List.of("abcd", "bc"));

    assertThat(feed(stop, "xabcd")).isEqualTo("xa");
  }

  @Test
  void holdsNothingBackWithoutStopTexts() {
    assertThat(feed(new StopText(List.of()), "anything")).isEqualTo("anything");
  }
}
