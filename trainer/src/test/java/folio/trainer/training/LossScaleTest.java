package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LossScaleTest {
  private final NDManager manager = NDManager.newBaseManager();
  private final LossScale scale = new LossScale(manager);

  @AfterEach
  void close() {
    manager.close();
  }

  private void step(float gradient) {
    scale.unscale(List.of(manager.create(new float[] {gradient})));
    scale.update();
  }

  private float factor() {
    return scale.scale().toFloatArray()[0];
  }

  @Test
  void dividesGradientsByItself() {
    NDArray gradients = manager.create(new float[] {65_536, -32_768});
    scale.unscale(List.of(gradients));

    assertThat(gradients.toFloatArray()).containsExactly(1, -0.5f);
    assertThat(scale.overflow().toFloatArray()).containsExactly(0);
  }

  @Test
  void halvesAfterAnOverflowAndCountsTheStep() {
    step(Float.POSITIVE_INFINITY);
    step(1);
    step(Float.NaN);

    assertThat(factor()).isEqualTo(16_384);
    assertThat(scale.takeSkipped()).isEqualTo(2);
    assertThat(scale.takeSkipped()).isZero();
  }

  @Test
  void doublesAfterTwoThousandStepsAlsoIfTheyAreInterrupted() {
    for (int i = 0; i < 1500; i++) {
      step(1);
    }
    LossScale resumed = new LossScale(manager);
    resumed.restore(scale.state());
    for (int i = 0; i < 499; i++) {
      resumed.update();
    }
    assertThat(resumed.scale().toFloatArray()).containsExactly(65_536);

    resumed.update();
    assertThat(resumed.scale().toFloatArray()).containsExactly(131_072);
  }

  @Test
  void aStepThatOverflowsUpdatesNothing() {
    CharGru network =
        CharGru.initialize(manager, CharGruConfig.residual(5, 4, 8, 1), new SplittableRandom(1));
    AdamW optimizer = new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0.1));
    List<NDArray> ones =
        network.parameters().stream().map(each -> each.values().onesLike()).toList();
    NDArray rateAndStep = manager.create(new float[] {0.1f, 1});
    float[] before = network.parameters().get(1).values().toFloatArray();

    optimizer.update(ones, rateAndStep, List.of(manager.create(new float[] {1})));
    assertThat(network.parameters().get(1).values().toFloatArray()).isEqualTo(before);
    assertThat(optimizer.state().get(0).sum().getFloat()).isZero();

    optimizer.update(ones, rateAndStep, List.of(manager.create(new float[] {0})));
    assertThat(network.parameters().get(1).values().toFloatArray()).isNotEqualTo(before);
  }
}
