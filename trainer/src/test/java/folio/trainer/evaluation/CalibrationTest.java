package folio.trainer.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.trainer.corpus.EncodedText;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the calibration of networks whose sureness is known. */
class CalibrationTest {
  private static final double[] PROBABILITIES = {0.6, 0.25, 0.1, 0.05};
  private static final int CHARACTERS = 80_000;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Returns a network whose logits are always the logarithms of probabilities times a factor. */
  private CharGru network(double factor) {
    CharGruConfig config = CharGruConfig.residual(PROBABILITIES.length, 4, 4, 1);
    NDList tensors = new NDList();
    config
        .tensorShapes()
        .forEach(
            (name, shape) -> {
              NDArray tensor = manager.zeros(shape);
              tensor.setName(name);
              tensors.add(tensor);
            });
    float[] bias = new float[PROBABILITIES.length];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = (float) (factor * Math.log(PROBABILITIES[i]));
    }
    tensors.get("linear.bias").set(bias);
    return new CharGru(manager, config, tensors);
  }

  private static EncodedText text() {
    SplittableRandom random = new SplittableRandom(1);
    int[] ids = new int[CHARACTERS];
    for (int i = 0; i < ids.length; i++) {
      double at = random.nextDouble();
      int id = 0;
      while (at >= PROBABILITIES[id]) {
        at -= PROBABILITIES[id++];
      }
      ids[i] = id;
    }
    return EncodedText.of(ids);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.8, 1, 1.3})
  void findsTheFactorOfTheLogits(double factor) {
    double entropy = 0;
    for (double probability : PROBABILITIES) {
      entropy -= probability * Math.log(probability);
    }

    Calibration calibration = Calibration.of(manager, network(factor), text());

    assertThat(calibration.temperature()).isCloseTo(factor, within(0.03));
    assertThat(calibration.loss()).isCloseTo(entropy, within(0.01));
    assertThat(calibration.lossAtOne()).isGreaterThanOrEqualTo(calibration.loss());
  }

  private CharGru random(boolean projected, boolean tied) {
    CharGruConfig config =
        new CharGruConfig(
            NetworkKind.RESIDUAL,
            7,
            4,
            6,
            2,
            Nonlinearity.NONE,
            Nonlinearity.NONE,
            projected ? 4 : null,
            tied);
    return CharGru.initialize(manager, config, new SplittableRandom(3));
  }

  private float[] logits(CharGru network) {
    NDArray ids = manager.create(new long[] {0, 3, 6, 2}).reshape(1, 4);
    NDArray zero = manager.zeros(new Shape(2, 1, 6));
    return network.forward(ids, zero).logits().toFloatArray();
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "true, true"})
  void dividesTheLogits(boolean projected, boolean tied) {
    CharGru network = random(projected, tied);
    float[] before = logits(network);

    float[] divided = logits(Calibration.divideLogits(manager, network, 1.3));

    assertThat(logits(network)).as("the network itself").isEqualTo(before);
    for (int i = 0; i < before.length; i++) {
      assertThat(divided[i]).isCloseTo(before[i] / 1.3f, within(1e-6f));
    }
  }

  @Test
  void cannotDivideTheLogitsOfAnEmbedding() {
    CharGruConfig config =
        new CharGruConfig(
            NetworkKind.RESIDUAL, 7, 6, 6, 1, Nonlinearity.NONE, Nonlinearity.NONE, null, true);
    CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));

    assertThat(Calibration.canDivideLogits(config)).isFalse();
    assertThatThrownBy(() -> Calibration.divideLogits(manager, network, 1.3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("its output layer is its embedding");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.2, 4})
  void staysWithinItsLimits(double factor) {
    Map<Boolean, Double> limits = Map.of(false, Math.exp(-0.4), true, Math.exp(0.4));

    assertThat(Calibration.of(manager, network(factor), text()).temperature())
        .isCloseTo(limits.get(factor > 1), within(1e-9));
  }
}
