package folio.inference.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.StepOutput;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests that the reference of the persistent kernel computes what the decoder computes. */
class Float64GruTest {
  @ParameterizedTest
  @MethodSource("folio.inference.fused.FusedNumericsOnGpuTest#small")
  void matchesTheDecoder(CharGruConfig config) {
    Decoder.prepareThread(Device.cpu());
    SplittableRandom random = new SplittableRandom(2);
    int vocabulary = config.vocabularySize();
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        CharGru network = CharGru.initialize(manager, config, random);
        Decoder decoder = new Decoder(manager, network)) {
      float[] start = FusedNumericsOnGpuTest.state(config, random);
      DecodeState state = decoder.restore(start);
      try (Float64Gru precise = new Float64Gru(manager, network, new float[][] {start})) {
        for (int k = 0; k < 20; k++) {
          double[] expected = precise.step(new int[] {k * 7 % vocabulary});
          DecodeState before = state;
          try (StepOutput output = decoder.step(new long[] {k * 7 % vocabulary}, before)) {
            for (int id = 0; id < vocabulary; id++) {
              assertThat((double) output.logits()[id]).isCloseTo(expected[id], within(1e-5));
            }
            state = output.state();
          }
          before.close();
        }
        double[] values = new double[start.length];
        float[] floats = decoder.readState(state, 0);
        Arrays.setAll(values, i -> floats[i]);
        assertThat(values).containsExactly(precise.state(0), within(1e-5));
      }
      state.close();
    }
  }
}
