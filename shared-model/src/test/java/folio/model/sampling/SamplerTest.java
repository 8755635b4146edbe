package folio.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTest {
  private static final float[] LOGITS = {1, 3, 2, 0};
  private static final int DRAWS = 20_000;

  private final Sampler sampler = new Sampler(LOGITS.length);

  private static SamplingParameters parameters(
      double temperature, int topK, double topP, double minP, double penalty) {
    return new SamplingParameters(temperature, topK, topP, minP, penalty);
  }

  private double[] frequencies(SamplingParameters parameters, BitSet seen) {
    double[] counts = new double[LOGITS.length];
    for (int i = 0; i < DRAWS; i++) {
      counts[sampler.sample(LOGITS, 0, seen, parameters, SeededRandom.uniform(7, i))] +=
          1.0 / DRAWS;
    }
    return counts;
  }

  @Test
  void drawsFromTheSoftmax() {
    double sum = Math.exp(1) + Math.exp(3) + Math.exp(2) + 1;
    double[] drawn = frequencies(SamplingParameters.DEFAULT, new BitSet());
    for (int id = 0; id < LOGITS.length; id++) {
      assertThat(drawn[id]).isCloseTo(Math.exp(LOGITS[id]) / sum, within(0.015));
    }
  }

  @Test
  void neverChoosesAnEntryAfterTheCharacters() {
    Sampler characters = new Sampler(2);
    BitSet seen = new BitSet();
    seen.set(0, 4);
    for (int i = 0; i < 1000; i++) {
      double uniform = SeededRandom.uniform(1, i);
      assertThat(characters.sample(LOGITS, 1, seen, parameters(2, 0, 1, 0, 1.5), uniform))
          .isBetween(0, 1);
    }
  }

  @Test
  void temperatureSharpens() {
    double sum = Math.exp(2) + Math.exp(6) + Math.exp(4) + 1;
    double[] drawn = frequencies(parameters(0.5, 0, 1, 0, 1), new BitSet());

    assertThat(drawn[1]).isCloseTo(Math.exp(6) / sum, within(0.015));
  }

  @Test
  void zeroTemperatureSelectsTheMostLikely() {
    for (int i = 0; i < 100; i++) {
      double uniform = SeededRandom.uniform(1, i);
      assertThat(sampler.sample(LOGITS, 0, new BitSet(), parameters(0, 0, 1, 0, 1), uniform))
          .isEqualTo(1);
    }
  }

  @Test
  void topKKeepsTheMostLikely() {
    double[] drawn = frequencies(parameters(1, 2, 1, 0, 1), new BitSet());

    assertThat(drawn[0]).isZero();
    assertThat(drawn[3]).isZero();
    assertThat(drawn[2]).isCloseTo(1 / (1 + Math.E), within(0.015));
  }

  @Test
  void topPKeepsTheFewestCharactersThatReachIt() {
    // softmax: 0.087, 0.644, 0.237, 0.032
    assertThat(frequencies(parameters(1, 0, 0.6, 0, 1), new BitSet())[1])
        .isCloseTo(1, within(1e-9));
    double[] two = frequencies(parameters(1, 0, 0.7, 0, 1), new BitSet());

    assertThat(two[0] + two[3]).isZero();
    assertThat(two[2]).isPositive();
  }

  @Test
  void minPDropsCharactersFarLessLikelyThanTheMostLikely() {
    double[] drawn = frequencies(parameters(1, 0, 1, 0.2, 1), new BitSet());

    assertThat(drawn[0] + drawn[3]).isZero();
    assertThat(drawn[2]).isPositive();
  }

  @Test
  void penaltyMakesSeenCharactersLessLikely() {
    BitSet seen = new BitSet();
    seen.set(1);
    double withoutPenalty = frequencies(SamplingParameters.DEFAULT, seen)[1];

    assertThat(frequencies(parameters(1, 0, 1, 0, 2), seen)[1]).isLessThan(withoutPenalty);
    assertThat(frequencies(parameters(1, 0, 1, 0, 2), new BitSet())[1]).isEqualTo(withoutPenalty);
  }

  /** Characters with infinite logits are equally likely, and all others have probability 0. */
  @ParameterizedTest
  @CsvSource({"0, 1, 0", "2, 1, 0", "0, 0.9, 0", "0, 1, 0.1", "0, 0.9, 0.1"})
  void aPenaltyNearZeroStillGivesADistribution(int topK, double topP, double minP) {
    BitSet seen = new BitSet();
    seen.set(1, 3);
    double[] drawn = frequencies(parameters(1, topK, topP, minP, 1e-320), seen);

    assertThat(drawn[0] + drawn[3]).isZero();
    assertThat(drawn[2]).isCloseTo(0.5, within(0.015));
  }

  @Test
  void readsOnlyTheRowAtItsOffset() {
    float[] rows = {9, 9, 9, 9, 1, 3, 2, 0, 9, 9, 9, 9};

    assertThat(sampler.sample(rows, 4, new BitSet(), parameters(0, 0, 1, 0, 1), 0)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "temperature,0.001,0,1,0,1",
    "temperature,2.5,0,1,0,1",
    "temperature,NaN,0,1,0,1",
    "top_k,1,-1,1,0,1",
    "top_p,1,0,0,0,1",
    "top_p,1,0,1.1,0,1",
    "min_p,1,0,1,-0.1,1",
    "repetition_penalty,1,0,1,0,0",
  })
  void namesAParameterThatIsOutOfRange(
      String field, double temperature, int topK, double topP, double minP, double penalty) {
    assertThatThrownBy(() -> parameters(temperature, topK, topP, minP, penalty))
        .isInstanceOf(OutOfRangeException.class)
        .hasMessageStartingWith(field + " is ");
  }

  @Test
  void seededRandomIsAPureFunctionThatCoversTheUnitInterval() {
    assertThat(SeededRandom.uniform(42, 17)).isEqualTo(SeededRandom.uniform(42, 17));
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
      double value = SeededRandom.uniform(42, i);
      assertThat(value).isGreaterThanOrEqualTo(0).isLessThan(1);
      sum += value;
    }
    assertThat(sum / DRAWS).isCloseTo(0.5, within(0.01));
    // Adjacent seeds must not give shifted copies of one sequence.
    assertThat(SeededRandom.bits(1, 1)).isNotEqualTo(SeededRandom.bits(2, 0));
  }
}
