package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import folio.trainer.run.RunLength.Unit;
import org.junit.jupiter.api.Test;

class RunLengthTest {
  private static long steps(Unit unit, double amount) {
    return new RunLength(unit, amount, 10, 5000).steps(1_000_000, 2000, 0.1);
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

  @Test
  void readsTheTimeOfAStepOnlyForMinutes() {
    RunLength epochs = new RunLength(Unit.EPOCHS, 1, 1, 5000);
    assertThat(epochs.steps(1000, 10, Double.NaN)).isEqualTo(100);
  }
}
