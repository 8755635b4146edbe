package folio.trainer.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerbatimRunsTest {
  private static int[] ids(String text) {
    return text.chars().toArray();
  }

  @Test
  void findsTheLongestRunAndWhereItBegins() {
    VerbatimRuns runs = new VerbatimRuns(ids("to be, or not to be: that is the question"));

    VerbatimRuns.Found found = runs.in(ids("whether not to bend is the answer"));
    assertThat(found.longest()).isEqualTo("r not to be".length());
    assertThat(found.begin()).isEqualTo(6);
    assertThat(runs.in(ids("XYZ")).longest()).isZero();
    assertThat(runs.in(ids("question")).longest()).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 50, 400})
  void findsWhatAPlainSearchFinds(int length) {
    SplittableRandom random = new SplittableRandom(length);
    int[] source = random.ints(length, 0, 3).toArray();
    int[] text = random.ints(100, 0, 3).toArray();
    long sum = 0;
    int longest = 0;
    for (int at = 0; at < text.length; at++) {
      int run = plainly(source, text, at);
      sum += run;
      longest = Math.max(longest, run);
    }

    VerbatimRuns.Found found = new VerbatimRuns(source).in(text);
    assertThat(found.longest()).isEqualTo(longest);
    assertThat(found.mean()).isCloseTo(sum / 100.0, within(1e-9));
    assertThat(plainly(source, text, found.begin())).isEqualTo(longest);
  }

  private static int plainly(int[] source, int[] text, int at) {
    int longest = 0;
    for (int from = 0; from < source.length; from++) {
      int length = 0;
      while (from + length < source.length
          && at + length < text.length
          && source[from + length] == text[at + length]) {
        length++;
      }
      longest = Math.max(longest, length);
    }
    return longest;
  }

  @Test
  void isNotSlowOnATextThatRepeatsItself() {
    int[] source = new int[200_000];

    assertThat(new VerbatimRuns(source).in(new int[300]).longest()).isEqualTo(300);
  }

  @Test
  void anEmptyTextHoldsNothing() {
    assertThat(new VerbatimRuns(new int[0]).in(new int[] {1}).longest()).isZero();
  }
}
