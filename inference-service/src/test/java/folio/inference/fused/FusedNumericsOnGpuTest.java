package folio.inference.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.StepOutput;
import folio.model.checkpoint.Checkpoint;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.model.sampling.Sampler;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.SeededRandom;
import folio.model.testing.Gpu;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.CudaStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The chip computes what its network says and draws what the sampler would draw of that. */
class FusedNumericsOnGpuTest {
  /** Of a logit and of a state, after a hundred characters in float16. */
  private static final double TOLERANCE = 0.005;

  /** Fewer where every access is watched, which takes a thousand times as long. */
  private static final int CHARACTERS = Integer.getInteger("folio.characters", 100);

  @BeforeAll
  static void needsAGpu() {
    Gpu.needed(FusedNumericsOnGpuTest.class);
    Decoder.prepareThread(Device.gpu());
  }

  /** Networks that have all that one can have. */
  static Stream<CharGruConfig> small() {
    return Stream.of(
        CharGruConfig.residual(33, 32, 128, 3),
        CharGruConfig.plain(300, 64, 1),
        new CharGruConfig(
            NetworkKind.RESIDUAL, 65, 32, 192, 2, Nonlinearity.TANH, Nonlinearity.RELU, 32, true));
  }

  static Stream<Arguments> shapes() {
    CharGruConfig large = CharGruConfig.residual(65, 32, 512, 8);
    return Stream.concat(
        Stream.of(1, 8, 9, 64, 256).map(rows -> Arguments.of(large, rows)),
        Stream.concat(
            small()
                .flatMap(config -> Stream.of(3, 30, 200).map(rows -> Arguments.of(config, rows))),
            Stream.of(
                Arguments.of(CharGruConfig.plain(65, 1024, 2), 9),
                Arguments.of(CharGruConfig.residual(2, 32, 64, 8), 1),
                Arguments.of(CharGruConfig.residual(2, 32, 64, 8), 40),
                Arguments.of(CharGruConfig.residual(3000, 32, 128, 2), 3),
                Arguments.of(CharGruConfig.residual(3000, 32, 128, 2), 60))));
  }

  /** A state that a text might have led to. */
  static float[] state(CharGruConfig config, SplittableRandom random) {
    float[] values = new float[config.layers() * config.hiddenSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void drawsFromTheLogitsOfFloat64(CharGruConfig config, int rows) {
    int vocabulary = config.vocabularySize();
    SplittableRandom random = new SplittableRandom(4);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, random);
        FusedDecoderFactory model = FusedModel.of(manager, network, rows).orElseThrow();
        FusedStreams streams = (FusedStreams) model.decoder().orElseThrow();
        CudaMemory told = told(CHARACTERS * rows * vocabulary)) {
      float[][] states = new float[rows][];
      BitSet[] seen = new BitSet[rows];
      List<FusedDecoder.Order> orders = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        states[row] = state(config, random);
        seen[row] = new BitSet();
        seen[row].set(row % vocabulary);
        int[] given = random.ints(Math.min(row % 4 * 10, CHARACTERS), 0, vocabulary).toArray();
        orders.add(FusedOrders.order(row, vocabulary, given, CHARACTERS));
        try (NDArray state =
            manager.create(states[row], new Shape(config.layers(), config.hiddenSize()))) {
          streams.join(state, seen[row]);
        }
      }
      streams.launch(orders, CHARACTERS, told.address());
      int[][] written = streams.finish().ids();
      float[] logits = floats(told, CHARACTERS * rows * vocabulary);

      Sampler sampler = new Sampler(vocabulary);
      int[] last = orders.stream().mapToInt(FusedDecoder.Order::lastId).toArray();
      int draws = 0;
      double farthest = 0;
      try (Float64Gru precise = new Float64Gru(manager, network, states)) {
        for (int k = 0; k < CHARACTERS; k++) {
          double[] expected = precise.step(last);
          for (int i = 0; i < expected.length; i++) {
            if (k < orders.get(i / vocabulary).given().length) {
              continue; // nothing is drawn from it
            }
            double distance = Math.abs(logits[k * expected.length + i] - expected[i]);
            if (!(distance <= TOLERANCE)) {
              fail("logit %d after %d characters is %s from %s", i, k, distance, expected[i]);
            }
            farthest = Math.max(farthest, distance);
          }
          for (int row = 0; row < rows; row++) {
            FusedDecoder.Order order = orders.get(row);
            int position = k - order.given().length;
            if (position < 0) {
              assertThat(written[row][k]).as("given").isEqualTo(order.given()[k]);
            } else {
              double uniform = SeededRandom.uniform(order.seed(), position);
              int at = (k * rows + row) * vocabulary;
              int drawn = sampler.sample(logits, at, seen[row], order.sampling(), uniform);
              assertThat(written[row][k])
                  .as("draw %d of stream %d, by %s", position, row, order.sampling())
                  .isEqualTo(drawn);
              draws++;
            }
            last[row] = written[row][k];
            seen[row].set(written[row][k]);
          }
        }
        for (int row = 0; row < rows; row++) {
          double[] expected = precise.state(row);
          float[] found = streams.state(row);
          for (int i = 0; i < expected.length; i++) {
            assertThat((double) found[i])
                .as("state %d", i)
                .isCloseTo(expected[i], within(TOLERANCE));
          }
        }
      }
      System.out.printf(
          "%s, %d streams: a logit is at most %.4f from float64's, all of %d draws are the host's%n",
          config, rows, farthest, draws);
    }
  }

  /** Where logits are told. */
  private static CudaMemory told(int count) {
    return CudaMemory.allocate(Device.gpu(), CudaStream.current(), (long) count * Float.BYTES);
  }

  private static float[] floats(CudaMemory memory, int count) {
    float[] values = new float[count];
    memory.read(CudaStream.current(), 0, count * Float.BYTES).asFloatBuffer().get(values);
    return values;
  }

  /**
   * Of a text that it wrote itself, or of the last tenth of the file that {@code FOLIO_CORPUS}
   * names, in 64 streams whose states are carried.
   */
  @Test
  void theEmbeddedCheckpointsLossIsTheOneOfFloat32() throws IOException {
    int rows = 64;
    Checkpoint checkpoint = Checkpoint.embedded();
    CharGruConfig config = checkpoint.config();
    int vocabulary = config.vocabularySize();
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = checkpoint.load(manager);
        Decoder decoder = new Decoder(manager, network);
        FusedDecoderFactory model = FusedModel.of(manager, network, rows).orElseThrow();
        FusedStreams streams = (FusedStreams) model.decoder().orElseThrow();
        CudaMemory told = told(rows * vocabulary)) {
      for (int row = 0; row < rows; row++) {
        streams.join(new BitSet());
      }
      String corpus = System.getenv("FOLIO_CORPUS");
      int[] given =
          corpus == null ? null : checkpoint.vocabulary().encode(Files.readString(Path.of(corpus)));
      int begin = given == null ? 0 : given.length * 9 / 10;
      int characters = given == null ? 1_000 : (given.length - begin) / rows;
      int[] last = new int[rows];
      for (int row = 0; row < rows; row++) {
        last[row] = given == null ? row % vocabulary : given[begin + row * characters];
      }
      double fused = 0;
      double inFloat32 = 0;
      DecodeState state = decoder.zeroState(rows);
      for (int k = 1; k < characters; k++) {
        List<FusedDecoder.Order> orders = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
          SamplingParameters plain = SamplingParameters.DEFAULT;
          orders.add(new FusedDecoder.Order(row, plain, last[row], k, new int[0], 1));
        }
        streams.launch(orders, 1, told.address());
        int[][] drawn = streams.finish().ids();
        float[] logits = floats(told, rows * vocabulary);
        DecodeState before = state;
        try (StepOutput decoded =
            decoder.step(Arrays.stream(last).asLongStream().toArray(), before)) {
          for (int row = 0; row < rows; row++) {
            last[row] = given == null ? drawn[row][0] : given[begin + row * characters + k];
            fused += loss(logits, row * vocabulary, vocabulary, last[row]);
            inFloat32 += loss(decoded.logits(), row * vocabulary, vocabulary, last[row]);
          }
          state = decoded.state();
        }
        before.close();
      }
      state.close();
      long scored = (long) rows * (characters - 1);
      System.out.printf(
          "%s: %.5f nats a character on the chip, %.5f in float32%n",
          corpus == null ? "its own text" : corpus, fused / scored, inFloat32 / scored);
      assertThat(fused / scored).isCloseTo(inFloat32 / scored, within(0.001));
    }
  }

  private static double loss(float[] logits, int from, int vocabulary, int id) {
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      most = Math.max(most, logits[from + i]);
    }
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += Math.exp(logits[from + i] - most);
    }
    return Math.log(sum) + most - logits[from + id];
  }
}
