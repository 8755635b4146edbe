package folio.model.network;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import folio.model.testing.Reference;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkParityTest {
  private static final double TOLERANCE = 1e-5;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "plain-1-layer",
        "residual",
        "residual-8-layers",
        "residual-activations",
        "plain-activations",
        "residual-projection-tied",
        "plain-projection",
        "plain-tied"
      })
  void agreesWithPyTorch(String name) throws IOException {
    Reference reference = new Reference(manager, name);
    CharGru network = reference.network(manager);
    CharGru.Output output =
        network.forward(reference.get("reference.ids"), reference.get("reference.state"));

    assertThat(difference(output.logits(), reference.get("reference.logits")))
        .isLessThan(TOLERANCE);
    assertThat(difference(output.state(), reference.get("reference.last"))).isLessThan(TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual", "residual-projection-tied"})
  void onePassEqualsSingleSteps(String name) throws IOException {
    Reference reference = new Reference(manager, name);
    CharGru network = reference.network(manager);
    NDArray ids = reference.get("reference.ids").get(new NDIndex("0:1"));
    CharGru.Output onePass = network.forward(ids, network.zeroState(manager, 1));
    NDArray state = network.zeroState(manager, 1);
    NDList logits = new NDList();
    for (long t = 0; t < ids.getShape().get(1); t++) {
      CharGru.Output step = network.forward(ids.get(new NDIndex(":, {}:{}", t, t + 1)), state);
      logits.add(step.logits());
      state = step.state();
    }

    assertThat(difference(NDArrays.concat(logits, 1), onePass.logits())).isLessThan(TOLERANCE);
    assertThat(difference(state, onePass.state())).isLessThan(TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual", "residual-projection-tied"})
  void rowsAreIndependent(String name) throws IOException {
    Reference reference = new Reference(manager, name);
    CharGru network = reference.network(manager);
    NDArray ids = reference.get("reference.ids");
    NDArray state = reference.get("reference.state");
    CharGru.Output batch = network.forward(ids, state);
    for (long row = 0; row < ids.getShape().get(0); row++) {
      CharGru.Output alone =
          network.forward(
              ids.get(new NDIndex("{}:{}", row, row + 1)),
              state.get(new NDIndex(":, {}:{}", row, row + 1)));
      NDArray logits = batch.logits().get(new NDIndex("{}:{}", row, row + 1));
      NDArray last = batch.state().get(new NDIndex(":, {}:{}", row, row + 1));

      assertThat(difference(alone.logits(), logits)).isLessThan(TOLERANCE);
      assertThat(difference(alone.state(), last)).isLessThan(TOLERANCE);
    }
  }

  private static double difference(NDArray a, NDArray b) {
    assertThat(a.getShape()).isEqualTo(b.getShape());
    return a.sub(b).abs().max().getFloat();
  }
}
