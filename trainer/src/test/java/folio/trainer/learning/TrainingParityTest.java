package folio.trainer.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.DropoutRates;
import folio.model.testing.Reference;
import folio.trainer.corpus.Batch;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three steps of training are what PyTorch's AdamW with clipped gradients does. */
class TrainingParityTest {
  private static final int STEPS = 3;
  private static final int ROWS = 4;
  private static final int LENGTH = 8;

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual", "residual-projection-tied"})
  void trainsAsPyTorchTrains(String name) throws Exception {
    try (NDManager manager = NDManager.newBaseManager()) {
      Reference reference = new Reference(manager, "train-" + name);
      CharGru network = reference.network(manager);
      AdamW optimizer =
          new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0.1));
      TrainStep step =
          new TrainStep(
              manager, network, optimizer, new GradientClipper(0.5), DropoutRates.NONE, 1);
      long[] text = reference.get("reference.text").toLongArray();
      for (int i = 0; i < STEPS; i++) {
        step.run(i, batch(text, i), 0.01);
      }

      NDList after = network.tensors(manager);
      for (NDArray tensor : after) {
        NDArray expected = reference.get("after." + tensor.getName());
        assertThat(tensor.sub(expected).abs().max().getFloat())
            .as(tensor.getName())
            .isLessThan(1e-5f);
        NDArray before = reference.get(tensor.getName());
        assertThat(tensor.sub(before).abs().max().getFloat()).isGreaterThan(1e-3f);
      }
      NDArray last = reference.get("reference.last");
      assertThat(step.carriedState().sub(last).abs().max().getFloat()).isLessThan(1e-5f);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = "residual")
  void tellsTheLossThatPyTorchHas(String name) throws Exception {
    try (NDManager manager = NDManager.newBaseManager()) {
      Reference reference = new Reference(manager, "train-" + name);
      CharGru network = reference.network(manager);
      AdamW optimizer =
          new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0.1));
      TrainStep step =
          new TrainStep(
              manager, network, optimizer, new GradientClipper(0.5), DropoutRates.NONE, 1);
      long[] text = reference.get("reference.text").toLongArray();
      step.run(0, batch(text, 0), 0.01);
      step.run(1, batch(text, 1), 0.01);
      step.progress(2);
      step.run(2, batch(text, 2), 0.01);

      double expected = reference.get("reference.loss").getFloat(0);
      assertThat(step.progress(3).lossNats()).isCloseTo(expected, within(1e-5));
    }
  }

  private static Batch batch(long[] text, int step) {
    long[] inputs = new long[ROWS * LENGTH];
    long[] targets = new long[ROWS * LENGTH];
    for (int row = 0; row < ROWS; row++) {
      int from = (step * ROWS + row) * (LENGTH + 1);
      System.arraycopy(text, from, inputs, row * LENGTH, LENGTH);
      System.arraycopy(text, from + 1, targets, row * LENGTH, LENGTH);
    }
    float[] keep = new float[ROWS];
    Arrays.fill(keep, step == 0 ? 0 : 1);
    return new Batch(ROWS, LENGTH, inputs, targets, keep);
  }
}
