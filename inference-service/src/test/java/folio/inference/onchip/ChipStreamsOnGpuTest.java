package folio.inference.onchip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoded;
import folio.inference.decoding.Decoder;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.sampling.Sampler;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.SeededRandom;
import folio.model.testing.Gpu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chip writes what libtorch would have written, to float16's tolerance. */
class ChipStreamsOnGpuTest {
  /** Of a state, after a hundred characters in float16 on one side. */
  private static final float TOLERANCE = 0.02f;

  /** Of draws: a logit that differs in its fourth digit seldom changes the character. */
  private static final double SAME = 0.98;

  private static final List<SamplingParameters> SAMPLINGS =
      List.of(
          SamplingParameters.DEFAULT,
          SamplingParameters.DEFAULT.withTemperature(0),
          new SamplingParameters(0.8, 5, 1, 0, 1),
          new SamplingParameters(1.2, 0, 0.9, 0, 1.3),
          new SamplingParameters(0.7, 40, 0.95, 0.05, 0.8));

  @BeforeAll
  static void needsAGpu() {
    Gpu.needed(ChipStreamsOnGpuTest.class);
    Decoder.prepareThread(Device.gpu());
  }

  private static CharGruConfig config(NetworkKind kind, int vocabulary, int hidden, int layers) {
    return kind == NetworkKind.RESIDUAL
        ? CharGruConfig.residual(vocabulary, 32, hidden, layers)
        : CharGruConfig.plain(vocabulary, hidden, layers);
  }

  private static ChipDecoder.Order order(int i, int vocabulary, int last, int position, int n) {
    return new ChipDecoder.Order(
        100L + i,
        SAMPLINGS.get(i % SAMPLINGS.size()),
        last < 0 ? i % vocabulary : last,
        position,
        n);
  }

  @ParameterizedTest
  @CsvSource({
    "RESIDUAL, 65, 512, 8, 1",
    "RESIDUAL, 65, 512, 8, 64",
    "RESIDUAL, 33, 128, 3, 20",
    "PLAIN, 300, 64, 1, 30",
    "PLAIN, 65, 1024, 2, 9"
  })
  void drawsWhatLibtorchDraws(NetworkKind kind, int vocabulary, int hidden, int layers, int rows) {
    int characters = 100;
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network =
            CharGru.initialize(
                manager, config(kind, vocabulary, hidden, layers), new SplittableRandom(4));
        Decoder decoder = new Decoder(manager, network);
        Chip model = ChipModel.of(manager, network, rows).orElseThrow();
        ChipDecoder streams = model.decoder().orElseThrow()) {
      List<ChipDecoder.Order> orders = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        streams.join(new float[layers * hidden], new BitSet());
        orders.add(order(i, vocabulary, -1, i, characters));
      }
      streams.launch(orders, characters);
      int[][] written = streams.finish();

      Sampler sampler = new Sampler(vocabulary);
      BitSet[] seen = new BitSet[rows];
      Arrays.setAll(seen, row -> new BitSet());
      long[] last = orders.stream().mapToLong(ChipDecoder.Order::lastId).toArray();
      DecodeState state = decoder.zeroState(rows);
      int same = 0;
      for (int k = 0; k < characters; k++) {
        DecodeState before = state;
        try (Decoded decoded = decoder.step(last, before)) {
          for (int row = 0; row < rows; row++) {
            double uniform = SeededRandom.uniform(orders.get(row).seed(), row + k);
            int drawn =
                sampler.sample(
                    decoded.logits(),
                    row * vocabulary,
                    seen[row],
                    orders.get(row).sampling(),
                    uniform);
            same += drawn == written[row][k] ? 1 : 0;
            last[row] = written[row][k];
            seen[row].set(written[row][k]);
          }
          state = decoded.state();
        }
        before.close();
      }
      assertThat((double) same / (rows * characters)).isGreaterThan(SAME);
      for (int row = 0; row < rows; row++) {
        float[] expected = decoder.keep(state, row);
        float[] found = streams.state(row);
        for (int i = 0; i < expected.length; i++) {
          assertThat(found[i]).as("state %d", i).isCloseTo(expected[i], within(TOLERANCE));
        }
      }
      state.close();
    }
  }

  @Test
  void aStreamIsTheSameAloneAndAmongOthersThatComeAndGo() {
    int characters = 10_000;
    int vocabulary = 65;
    CharGruConfig config = config(NetworkKind.RESIDUAL, vocabulary, 512, 8);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4));
        Chip model = ChipModel.of(manager, network, 64).orElseThrow();
        ChipDecoder streams = model.decoder().orElseThrow()) {
      int[][] together = new int[64][characters];
      float[][] states = new float[64][];
      List<Integer> places = new ArrayList<>();
      int[] done = new int[64];
      SplittableRandom random = new SplittableRandom(7);
      int next = 0;
      while (next < 64 || !places.isEmpty()) {
        for (int joining = random.nextInt(12); joining > 0 && next < 64; joining--) {
          streams.join(new float[8 * 512], new BitSet());
          places.add(next++);
        }
        if (places.isEmpty()) {
          continue;
        }
        int steps = random.nextInt(1, ChipDecoder.MOST_STEPS);
        launch(streams, places, together, done, steps, vocabulary);
        for (int place = places.size() - 1; place >= 0; place--) {
          int stream = places.get(place);
          if (done[stream] == characters) {
            states[stream] = streams.state(place);
            streams.leave(place);
            int last = places.remove(places.size() - 1);
            if (place < places.size()) {
              places.set(place, last);
            }
          }
        }
      }

      for (int stream : new int[] {0, 1, 17, 40, 63}) {
        int[][] alone = new int[64][characters];
        Arrays.fill(done, 0);
        streams.join(new float[8 * 512], new BitSet());
        while (done[stream] < characters) {
          launch(streams, List.of(stream), alone, done, ChipDecoder.MOST_STEPS, vocabulary);
        }
        assertThat(alone[stream]).containsExactly(together[stream]);
        assertThat(streams.state(0)).containsExactly(states[stream]);
        streams.leave(0);
      }
    }
  }

  private static void launch(
      ChipDecoder streams, List<Integer> places, int[][] texts, int[] done, int steps, int v) {
    List<ChipDecoder.Order> orders = new ArrayList<>();
    for (int stream : places) {
      int[] text = texts[stream];
      int length = Math.min(steps, text.length - done[stream]);
      int last = done[stream] == 0 ? -1 : text[done[stream] - 1];
      orders.add(order(stream, v, last, done[stream], length));
    }
    streams.launch(orders, steps);
    int[][] written = streams.finish();
    for (int place = 0; place < written.length; place++) {
      int stream = places.get(place);
      System.arraycopy(written[place], 0, texts[stream], done[stream], written[place].length);
      done[stream] += written[place].length;
    }
  }
}
