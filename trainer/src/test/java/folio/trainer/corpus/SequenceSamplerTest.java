package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SequenceSamplerTest {
  private static int[] text(int length) {
    int[] text = new int[length];
    Arrays.setAll(text, i -> i);
    return text;
  }

  private static void assertTargetsFollow(Batch batch, int size) {
    for (int i = 0; i < batch.inputs().length; i++) {
      assertThat(batch.targets()[i]).isEqualTo((batch.inputs()[i] + 1) % size);
    }
  }

  @Test
  void randomSequencesAreAFunctionOfSeedAndStep() {
    RandomSequences sampler = new RandomSequences(text(1000), 8, 40, 3);
    Batch batch = sampler.batch(17);

    assertTargetsFollow(batch, 1000);
    assertThat(batch.startsFresh()).isTrue();
    assertThat(new RandomSequences(text(1000), 8, 40, 3).batch(17).inputs())
        .isEqualTo(batch.inputs());
    assertThat(sampler.batch(18).inputs()).isNotEqualTo(batch.inputs());
    assertThat(new RandomSequences(text(1000), 8, 40, 4).batch(17).inputs())
        .isNotEqualTo(batch.inputs());
  }

  @Test
  void randomSequencesReachEveryPositionButNeverWrap() {
    RandomSequences sampler = new RandomSequences(text(12), 4, 10, 1);
    boolean[] starts = new boolean[12];
    for (int step = 0; step < 50; step++) {
      Batch batch = sampler.batch(step);
      for (int row = 0; row < 4; row++) {
        starts[(int) batch.inputs()[row * 10]] = true;
        assertThat(batch.targets()[row * 10 + 9]).isEqualTo(batch.inputs()[row * 10] + 10);
      }
    }
    assertThat(starts).startsWith(true, true, false);
  }

  @Test
  void streamsGoOnWhereTheyWere() {
    StreamSequences sampler = new StreamSequences(text(1000), 4, 25, 0, 3);
    assertThat(sampler.stepsPerEpoch()).isEqualTo(10);
    for (int step = 0; step < 9; step++) {
      Batch batch = sampler.batch(step);
      Batch next = sampler.batch(step + 1L);
      assertTargetsFollow(batch, 1000);
      for (int row = 0; row < 4; row++) {
        assertThat(next.inputs()[row * 25]).isEqualTo(batch.targets()[row * 25 + 24]);
        assertThat(next.keepState()[row]).isEqualTo(1);
      }
    }
  }

  @Test
  void anEpochReadsEveryCharacterOnceAndTheNextBeginsElsewhere() {
    StreamSequences sampler = new StreamSequences(text(1000), 4, 25, 0, 3);
    int[] read = new int[1000];
    for (int step = 0; step < 10; step++) {
      for (long id : sampler.batch(step).inputs()) {
        read[(int) id]++;
      }
    }
    assertThat(read).containsOnly(1);
    assertThat(sampler.batch(0).startsFresh()).isTrue();
    assertThat(sampler.batch(10).startsFresh()).isTrue();
    assertThat(sampler.batch(10).inputs()[0]).isNotEqualTo(sampler.batch(0).inputs()[0]);
  }

  @Test
  void streamsForgetNowAndThen() {
    StreamSequences sampler = new StreamSequences(text(100_000), 64, 10, 0.1, 3);
    int forgotten = 0;
    for (int step = 1; step < 101; step++) {
      for (float keep : sampler.batch(step).keepState()) {
        forgotten += keep == 0 ? 1 : 0;
      }
    }
    assertThat(forgotten / 6400.0).isBetween(0.08, 0.12);
  }

  @Test
  void saysThatTheTextIsTooShort() {
    assertThatThrownBy(() -> new RandomSequences(text(40), 1, 40, 1))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("has 40 characters, too few for one sequence of --length 40");
    assertThatThrownBy(() -> new StreamSequences(text(99), 10, 10, 0, 1))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("has 99 characters, too few for --batch 10 streams of --length 10");
  }
}
