package folio.inference.decoding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.testing.Gpu;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that a GPU computes what a CPU computes. */
class DecoderOnGpuTest {
  /** The largest difference of a logit after about 40 characters, in float32 on both devices. */
  private static final float TOLERANCE = 1e-3f;

  @BeforeAll
  static void needsAGpu() {
    Gpu.needed();
    Decoder.prepareThread(Device.gpu());
  }

  @ParameterizedTest
  @CsvSource({
    "RESIDUAL, 65, 128, 512, 8, 1",
    "RESIDUAL, 65, 128, 512, 8, 64",
    "RESIDUAL, 33, 7, 20, 3, 5",
    "PLAIN, 65, 64, 64, 2, 16",
    "PLAIN, 300, 36, 36, 1, 3"
  })
  void stepsAndPromptsMatchACpu(
      NetworkKind kind, int vocabulary, int embedding, int hidden, int layers, int rows) {
    CharGruConfig config =
        kind == NetworkKind.RESIDUAL
            ? CharGruConfig.residual(vocabulary, embedding, hidden, layers)
            : CharGruConfig.plain(vocabulary, hidden, layers);
    float[] gpu = run(Device.gpu(), config, rows, false);
    float[] cpu = run(Device.cpu(), config, rows, false);

    assertThat(gpu).hasSameSizeAs(cpu);
    for (int i = 0; i < gpu.length; i++) {
      assertThat(gpu[i]).as("logit %d", i).isCloseTo(cpu[i], within(TOLERANCE));
    }
    assertThat(run(Device.gpu(), config, rows, true)).as("as a graph").containsExactly(gpu);
  }

  /** Returns the logits after a prompt in two chunks, a rearrangement of rows, and 20 steps. */
  private static float[] run(Device device, CharGruConfig config, int rows, boolean prepared) {
    SplittableRandom random = new SplittableRandom(5);
    int vocabulary = config.vocabularySize();
    try (NDManager manager = NDManager.newBaseManager(device)) {
      CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4));
      try (Decoder decoder = new Decoder(manager, network);
          GraphedDecoder steps = new GraphedDecoder(decoder)) {
        if (prepared) {
          steps.prepare(rows);
          assertThat(steps.preparable()).as("the driver captures graphs").isTrue();
        }
        DecodeState state = decoder.zeroState(rows);
        for (int chunk = 0; chunk < 2; chunk++) {
          long[] ids = random.longs(rows * 8L, 0, vocabulary).toArray();
          long[] lengths = random.longs(rows, 1, 9).toArray();
          state = after(decoder.prefill(ids, lengths, false, state), state, new float[1][]);
        }
        long[] order = new long[rows];
        Arrays.setAll(order, row -> rows - 1 - row);
        try (DecodeState old = state;
            DecodeState none = decoder.zeroState(0)) {
          state = decoder.arrange(old, none, order);
        }
        float[][] logits = new float[1][];
        int arrays = manager.getManagedArrays().size();
        for (int step = 0; step < 20; step++) {
          state =
              after(steps.step(random.longs(rows, 0, vocabulary).toArray(), state), state, logits);
        }
        assertThat(decoder.readState(state, 0)).hasSize(config.layers() * config.hiddenSize());
        assertThat(manager.getManagedArrays()).as("arrays that steps did not free").hasSize(arrays);
        state.close();
        return logits[0];
      }
    }
  }

  private static DecodeState after(StepOutput output, DecodeState before, float[][] logits) {
    try (output) {
      before.close();
      logits[0] = output.logits();
      return output.state();
    }
  }
}
