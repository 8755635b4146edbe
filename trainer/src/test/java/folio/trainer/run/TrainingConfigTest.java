package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import folio.model.network.CharGruConfig;
import folio.trainer.corpus.Division;
import folio.trainer.run.TrainingConfig.BatchSelection;
import folio.trainer.run.TrainingConfig.BatchSelectionKind;
import folio.trainer.run.TrainingConfig.Intervals;
import folio.trainer.training.AdamW;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.LearningRateSchedule;
import folio.trainer.training.Precision;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The time that evaluations may take. */
class TrainingConfigTest {
  private static TrainingConfig config(long steps, long evaluateEvery) {
    return new TrainingConfig(
        CharGruConfig.residual(1, 4, 4, 1),
        DropoutRates.NONE,
        1,
        new BatchSelection(BatchSelectionKind.STREAMS, 32, 64, 0),
        new AdamW.Settings(0.9, 0.99, 0),
        new LearningRateSchedule(0.01, 0, steps, 1),
        1,
        0,
        new Intervals(evaluateEvery, evaluateEvery, evaluateEvery),
        Precision.FLOAT32,
        1,
        Division.DEFAULT,
        PublishPolicy.IMPROVEMENTS,
        false,
        0,
        Map.of());
  }

  /** A forward pass takes a third of a training step's time: 5 % of 200 steps are 61,440. */
  @Test
  void anEvaluationReadsAsManyWindowsAsTakeATwentiethOfTheTime() {
    assertThat(config(1000, 200).windowsPerEvaluation()).isEqualTo(61_440 / 256);
    assertThat(config(1000, 1).windowsPerEvaluation()).isEqualTo(64);
  }

  @Test
  void theLastEvaluationMayTakeAMinuteOrAFifthOfTheRun() {
    assertThat(config(1000, 200).longestFinalEvaluation(0.1)).isEqualTo(60);
    assertThat(config(1000, 200).longestFinalEvaluation(1)).isCloseTo(200, within(1e-9));
  }
}
