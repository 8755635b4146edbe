package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SequenceSamplerTest {
  @Test
  void randomSequencesAreAFunctionOfSeedAndStep() {
    RandomSequences sampler = new RandomSequences(1000, 8, 40, 3);
    Batch batch = sampler.batch(17);

    assertThat(batch.rows()).isEqualTo(8);
    assertThat(batch.length()).isEqualTo(40);
    assertThat(batch.carriesState()).containsOnly(false);
    assertThat(new RandomSequences(1000, 8, 40, 3).batch(17).starts()).isEqualTo(batch.starts());
    assertThat(sampler.batch(18).starts()).isNotEqualTo(batch.starts());
    assertThat(new RandomSequences(1000, 8, 40, 4).batch(17).starts()).isNotEqualTo(batch.starts());
  }

  @Test
  void randomSequencesReachEveryPositionButNeverWrap() {
    RandomSequences sampler = new RandomSequences(12, 4, 10, 1);
    boolean[] starts = new boolean[12];
    for (int step = 0; step < 50; step++) {
      for (long start : sampler.batch(step).starts()) {
        starts[(int) start] = true;
      }
    }
    // The last target of a row that starts at 1 is the last character, at position 11.
    assertThat(starts).startsWith(true, true, false);
    assertThat(starts).endsWith(false, false, false);
  }

  @Test
  void streamsContinueWhereTheyEnded() {
    StreamSequences sampler = new StreamSequences(1000, 4, 25, 0, 3);
    assertThat(sampler.stepsPerEpoch()).isEqualTo(10);
    for (int step = 0; step < 9; step++) {
      Batch batch = sampler.batch(step);
      Batch next = sampler.batch(step + 1L);
      for (int row = 0; row < 4; row++) {
        assertThat(next.starts()[row]).isEqualTo((batch.starts()[row] + 25) % 1000);
        assertThat(next.carriesState()[row]).isTrue();
      }
      assertThat(next.carriesState()).containsOnly(true);
    }
  }

  @Test
  void anEpochReadsEveryCharacterOnceAndTheNextStartsElsewhere() {
    StreamSequences sampler = new StreamSequences(1000, 4, 25, 0, 3);
    int[] read = new int[1000];
    for (int step = 0; step < 10; step++) {
      for (long start : sampler.batch(step).starts()) {
        for (int t = 0; t < 25; t++) {
          read[(int) (start + t) % 1000]++;
        }
      }
    }
    assertThat(read).containsOnly(1);
    assertThat(sampler.batch(0).carriesState()).containsOnly(false);
    assertThat(sampler.batch(10).carriesState()).containsOnly(false);
    assertThat(sampler.batch(10).starts()[0]).isNotEqualTo(sampler.batch(0).starts()[0]);
  }

  @Test
  void streamsSometimesStartFromZero() {
    StreamSequences sampler = new StreamSequences(100_000, 64, 10, 0.1, 3);
    int resets = 0;
    for (int step = 1; step < 101; step++) {
      for (boolean carried : sampler.batch(step).carriesState()) {
        resets += carried ? 0 : 1;
      }
    }
    assertThat(resets / 6400.0).isBetween(0.08, 0.12);
  }

  @Test
  void rejectsATextThatIsTooShort() {
    assertThatThrownBy(() -> new RandomSequences(40, 1, 40, 1))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("has 40 characters, too few for one sequence of --length 40");
    assertThatThrownBy(() -> new StreamSequences(99, 10, 10, 0, 1))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("has 99 characters, too few for --batch 10 streams of --length 10");
  }
}
