package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StopSequencesTest {
  private static String feed(StopSequences stop, String text) {
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
  void sendsNothingOfTheStopSequence() {
    StopSequences stop = new StopSequences(List.of("END"));

    assertThat(feed(stop, "the ENEND is")).isEqualTo("the EN");
    assertThat(stop.stopped()).isTrue();
    assertThat(stop.flush()).isEmpty();
  }

  @Test
  void sendsHeldTextThatIsNoStopSequence() {
    StopSequences stop = new StopSequences(List.of("END"));

    assertThat(feed(stop, "the EN")).isEqualTo("the ");
    assertThat(stop.flush()).isEqualTo("EN");
  }

  @Test
  void stopsAtTheFirstOfSeveral() {
    StopSequences stop = new StopSequences(List.of("abcd", "bc"));

    assertThat(feed(stop, "xabcd")).isEqualTo("xa");
  }

  /** Both emoji begin with the same half of a surrogate pair. */
  @Test
  void matchesWholeCharactersOnly() {
    StopSequences stop = new StopSequences(List.of("🌍"));

    assertThat(stop.accept("a") + stop.accept("🌎") + stop.accept("🌍")).isEqualTo("a🌎");
    assertThat(stop.stopped()).isTrue();
  }

  @Test
  void holdsNothingBackWithoutStopSequences() {
    assertThat(feed(new StopSequences(List.of()), "anything")).isEqualTo("anything");
  }
}
