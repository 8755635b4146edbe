package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.testing.Reference;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that three steps of training equal PyTorch's AdamW with clipped gradients. */
class TrainingParityTest {
  private static final int STEPS = 3;
  private static final int ROWS = 4;
  private static final int LENGTH = 8;

  private final NDManager manager = NDManager.newBaseManager();
  private Reference reference;
  private CharGru network;
  private TrainStep step;

  @AfterEach
  void close() {
    manager.close();
  }

  private void open(String name) throws IOException {
    reference = new Reference(manager, "train-" + name);
    network = reference.network(manager);
    AdamW optimizer = new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0.1));
    int[] text =
        Arrays.stream(reference.get("reference.text").toLongArray())
            .mapToInt(i -> (int) i)
            .toArray();
    step =
        new TrainStep(
            manager,
            network,
            EncodedText.of(text),
            new TrainStep.StepConfig(
                optimizer, new GradientClipper(0.5), DropoutRates.NONE, 1, Precision.FLOAT32));
  }

  private void train(int index) {
    step.run(index, batch(index), 0.01);
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual", "residual-projection-tied"})
  void trainsLikePyTorch(String name) throws IOException {
    open(name);
    for (int i = 0; i < STEPS; i++) {
      train(i);
    }

    for (NDArray tensor : network.tensors(manager)) {
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

  @ParameterizedTest
  @ValueSource(strings = "residual")
  void reportsPyTorchsLoss(String name) throws IOException {
    open(name);
    train(0);
    train(1);
    step.progress(2);
    train(2);

    double expected = reference.get("reference.loss").getFloat(0);
    assertThat(step.progress(3).lossNats()).isCloseTo(expected, within(1e-5));
  }

  /**
   * Returns a batch of the reference's text, which holds LENGTH + 1 characters of each row in turn.
   */
  private static Batch batch(int step) {
    long[] starts = new long[ROWS];
    Arrays.setAll(starts, row -> (step * ROWS + row) * (LENGTH + 1L));
    boolean[] carries = new boolean[ROWS];
    Arrays.fill(carries, step > 0);
    return new Batch(starts, LENGTH, carries);
  }
}
