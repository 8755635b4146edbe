package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import folio.trainer.run.RunLength.Limits;
import folio.trainer.run.RunLength.Unit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunLengthTest {
  private static long steps(Unit unit, double amount) {
    return new RunLength(unit, amount, new Limits(10, 5000, 0, 0)).steps(1_000_000, 2000, 0.1);
  }

  @Test
  void countsStepsEpochsAndMinutes() {
    assertThat(steps(Unit.STEPS, 321)).isEqualTo(321);
    assertThat(steps(Unit.EPOCHS, 2)).isEqualTo(1000);
    assertThat(steps(Unit.EPOCHS, 0.25)).isEqualTo(125);
    assertThat(steps(Unit.MINUTES, 1.5)).isEqualTo(900);
  }

  @Test
  void staysWithinItsRange() {
    assertThat(steps(Unit.EPOCHS, 0.001)).isEqualTo(10);
    assertThat(steps(Unit.EPOCHS, 1000)).isEqualTo(5000);
  }

  /** The lengths of the preset quick, which reads 2,048 characters in a step. */
  @ParameterizedTest
  @CsvSource({
    "9000, 200", // of the least steps
    "90000, 352", // 8 epochs
    "266580, 1000", // no more than 1,000 steps of 8 epochs
    "1003854, 1000", // 2.04 epochs of tiny-shakespeare
    "2000000, 1992", // 2.04 epochs
    "900000000, 4000",
  })
  void aShortTextIsReadMoreOften(long textLength, long steps) {
    RunLength quick = new RunLength(Unit.EPOCHS, 2.04, new Limits(200, 4000, 8, 1000));
    assertThat(quick.steps(textLength, 2048, Double.NaN)).isEqualTo(steps);
  }

  @Test
  void readsTheTimeOfAStepOnlyForMinutes() {
    RunLength epochs = new RunLength(Unit.EPOCHS, 1, new Limits(1, 5000, 0, 0));
    assertThat(epochs.steps(1000, 10, Double.NaN)).isEqualTo(100);
  }
}
