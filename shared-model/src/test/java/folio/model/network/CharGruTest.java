package folio.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CharGruTest {
  private final NDManager manager = NDManager.newBaseManager();
  private final CharGruConfig config = CharGruConfig.residual(11, 7, 12, 3);

  @AfterEach
  void close() {
    manager.close();
  }

  private CharGru network(long seed) {
    return CharGru.initialize(manager, config, new SplittableRandom(seed));
  }

  @Test
  void addsNoArraysToItsOwnManager() {
    CharGru network = network(1);
    // A capped manager throws when a result is attached to it. DJL attaches a result to the manager
    // of the first operand, so the weights must never be the first operand.
    NDManager weights = network.parameters().get(0).values().getManager();
    weights.cap();
    try (NDManager scope = manager.newSubManager()) {
      NDArray ids = scope.create(new long[6], new Shape(2, 3));
      CharGru.Output output = network.forward(ids, network.zeroState(scope, 2));

      assertThat(output.logits().getShape()).isEqualTo(new Shape(2, 3, 11));
      assertThat(output.state().getShape()).isEqualTo(new Shape(3, 2, 12));
    }
  }

  @Test
  void copiesItsTensors() {
    NDList tensors = network(1).tensors(manager);
    CharGru copy = new CharGru(manager, config, tensors);
    float before = copy.parameters().get(0).values().sum().getFloat();
    tensors.get("embedding.weight").muli(0);

    assertThat(copy.parameters().get(0).values().sum().getFloat()).isEqualTo(before);
  }

  @Test
  void namesAMissingTensor() {
    NDList tensors = network(1).tensors(manager);
    tensors.remove("grus.1.bias_hh_l0");

    assertThatThrownBy(() -> new CharGru(manager, config, tensors))
        .hasMessage("tensor grus.1.bias_hh_l0 is missing");
  }

  @Test
  void initialWeightsDependOnlyOnTheSeed() {
    float[] one = network(1).parameters().get(1).values().toFloatArray();
    float[] again = network(1).parameters().get(1).values().toFloatArray();
    float[] other = network(2).parameters().get(1).values().toFloatArray();

    assertThat(one).isEqualTo(again).isNotEqualTo(other);
    double bound = 1 / Math.sqrt(12);
    for (float value : one) {
      assertThat((double) value).isBetween(-bound, bound);
    }
  }

  @Test
  void countsItsParameters() {
    long counted =
        network(1).parameters().stream().mapToLong(parameter -> parameter.values().size()).sum();

    assertThat(config.parameterCount()).isEqualTo(counted).isEqualTo(2848);
  }

  @Test
  void rejectsIllegalArchitectures() {
    assertThatThrownBy(() -> CharGruConfig.residual(11, 7, 0, 3))
        .hasMessage("hidden_size is 0; it must be 1 to 65536");
    assertThatThrownBy(
            () ->
                new CharGruConfig(
                    NetworkKind.PLAIN,
                    11,
                    7,
                    12,
                    1,
                    Nonlinearity.NONE,
                    Nonlinearity.RELU,
                    null,
                    false))
        .hasMessageContaining("embedding_size is 7");
    assertThatThrownBy(
            () ->
                new CharGruConfig(
                    NetworkKind.RESIDUAL,
                    11,
                    7,
                    12,
                    1,
                    Nonlinearity.NONE,
                    Nonlinearity.NONE,
                    null,
                    true))
        .hasMessageContaining("tied");
  }
}
