package folio.trainer.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerbatimRunsTest {
  private static int[] ids(String text) {
    return text.chars().toArray();
  }

  @Test
  void findsTheLongestRunAndItsPosition() {
    VerbatimRuns runs = new VerbatimRuns(ids("to be, or not to be: that is the question"));

    VerbatimRuns.Overlap overlap = runs.in(ids("whether not to bend is the answer"));
    assertThat(overlap.longest()).isEqualTo("r not to be".length());
    assertThat(overlap.begin()).isEqualTo(6);
    assertThat(runs.in(ids("XYZ")).longest()).isZero();
    assertThat(runs.in(ids("question")).longest()).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 50, 400})
  void agreesWithALinearSearch(int length) {
    SplittableRandom random = new SplittableRandom(length);
    int[] source = random.ints(length, 0, 3).toArray();
    int[] text = random.ints(100, 0, 3).toArray();
    long sum = 0;
    int longest = 0;
    for (int at = 0; at < text.length; at++) {
      int run = linearSearch(source, text, at);
      sum += run;
      longest = Math.max(longest, run);
    }

    VerbatimRuns.Overlap overlap = new VerbatimRuns(source).in(text);
    assertThat(overlap.longest()).isEqualTo(longest);
    assertThat(overlap.mean()).isCloseTo(sum / 100.0, within(1e-9));
    assertThat(linearSearch(source, text, overlap.begin())).isEqualTo(longest);
  }

  private static int linearSearch(int[] source, int[] text, int at) {
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
  void isFastOnARepetitiveText() {
    int[] source = new int[200_000];

    // A search that is quadratic in the repetition takes minutes.
    int longest =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20), () -> new VerbatimRuns(source).in(new int[300]).longest());
    assertThat(longest).isEqualTo(300);
  }

  @Test
  void anEmptySourceHasNoOverlap() {
    assertThat(new VerbatimRuns(new int[0]).in(new int[] {1}).longest()).isZero();
  }
}
