package folio.inference.decoding;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import folio.model.network.CharGru;
import folio.model.testing.Reference;
import java.io.IOException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderTest {
  private static final double TOLERANCE = 1e-5;

  private final NDManager manager = NDManager.newBaseManager();

  @BeforeEach
  void prepare() {
    Decoder.prepareThread();
  }

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
  void computesWhatPyTorchComputes(String name) throws IOException {
    Reference reference = new Reference(manager, name);
    NDArray ids = reference.get("reference.ids");
    int rows = (int) ids.getShape().get(0);
    int length = (int) ids.getShape().get(1);
    long last = length - 1L;
    // The fixtures begin from a state; the decoder from zeros, so the network says what to expect.
    CharGru network = reference.network(manager);
    float[] expected =
        network
            .forward(ids, network.zeroState(manager, rows))
            .logits()
            .get(new NDIndex(":, {}", last))
            .toFloatArray();
    try (Decoder decoder = new Decoder(manager, network);
        DecodeState zero = decoder.zeroState(rows)) {
      long[] lengths = LongStream.generate(() -> length).limit(rows).toArray();
      try (Decoded whole = decoder.prefill(ids.toLongArray(), lengths, zero);
          DecodeState read = whole.state()) {
        assertThat(largestDifference(whole.logits(), expected)).isLessThan(TOLERANCE);
        assertThat(read.rows()).isEqualTo(rows);
      }
      assertThat(largestDifference(stepThrough(decoder, ids), expected)).isLessThan(TOLERANCE);
    }
  }

  /** The logits after the last character, one step a character. */
  private static float[] stepThrough(Decoder decoder, NDArray ids) {
    DecodeState state = decoder.zeroState((int) ids.getShape().get(0));
    float[] logits = {};
    for (long t = 0; t < ids.getShape().get(1); t++) {
      try (Decoded decoded = decoder.step(ids.get(new NDIndex(":, {}", t)).toLongArray(), state)) {
        state.close();
        state = decoded.state();
        logits = decoded.logits();
      }
    }
    state.close();
    return logits;
  }

  private static double largestDifference(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }
}
