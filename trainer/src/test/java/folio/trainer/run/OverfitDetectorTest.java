package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OverfitDetectorTest {
  private final OverfitDetector detector = new OverfitDetector();
  private final List<Long> noticed = new ArrayList<>();

  private void evaluate(long step, Double training, Double validation) {
    detector.evaluated(step, training, validation).ifPresent(text -> noticed.add(step));
  }

  @Test
  void noticesARisingValidationLossOnce() {
    evaluate(100, 2.0, 1.9);
    evaluate(200, 1.6, 1.7);
    evaluate(300, 1.4, 1.75);
    assertThat(noticed).as("once is noise").isEmpty();
    assertThat(detector.evaluated(400, 1.2, 1.8).orElse(""))
        .contains(
            "overfits since step 200: its validation loss rose from 1.7000 to 1.8000 nats while its"
                + " training loss fell from 1.6000 to 1.2000",
            "--patience");
    evaluate(500, 1.1, 1.9);
    assertThat(noticed).isEmpty();
  }

  @Test
  void ignoresNoiseAndALossThatRisesInTraining() {
    evaluate(100, 1.6, 1.7);
    for (int step = 200; step < 1000; step += 100) {
      evaluate(step, 1.5, 1.701);
    }
    evaluate(1000, 1.7, 1.9);
    evaluate(1100, 1.7, 2.0);
    evaluate(1200, null, 2.0);
    evaluate(1300, 1.0, null);
    assertThat(noticed).isEmpty();
  }

  @Test
  void startsAnewAfterAnImprovement() {
    evaluate(100, 1.6, 1.7);
    evaluate(200, 1.5, 1.8);
    evaluate(300, 1.4, 1.6);
    evaluate(400, 1.3, 1.7);
    assertThat(noticed).isEmpty();
    evaluate(500, 1.2, 1.7);
    assertThat(noticed).containsExactly(500L);
  }
}
