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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests on a GPU that logits and states match float64 and that every draw matches the sampler. */
class FusedNumericsOnGpuTest {
  /** The largest error of a logit or a state after 100 characters in float16. */
  private static final double TOLERANCE = 0.005;

  /** The number of characters; a memory checker, which is 1,000 times slower, needs fewer. */
  private static final int CHARACTERS = Integer.getInteger("folio.characters", 100);

  @BeforeAll
  static void needsAGpu() {
    Gpu.needed();
    Decoder.prepareThread(Device.gpu());
  }

  /** Returns small networks that together use every feature of a network. */
  static Stream<CharGruConfig> small() {
    return Stream.of(
        CharGruConfig.residual(33, 32, 128, 3),
        CharGruConfig.plain(300, 64, 1),
        new CharGruConfig(
            NetworkKind.RESIDUAL, 65, 32, 192, 2, Nonlinearity.TANH, Nonlinearity.RELU, 32, true));
  }

  /** Returns networks with numbers of streams, and whether the pipeline decodes them. */
  static Stream<Arguments> shapes() {
    return Stream.concat(
        batches().map(shape -> Arguments.of(shape.get()[0], shape.get()[1], false)), pipelines());
  }

  static Stream<Arguments> pipelines() {
    CharGruConfig large = CharGruConfig.residual(65, 32, 512, 8);
    return Stream.concat(
        Stream.of(3, 64, 200, 1000).map(rows -> Arguments.of(large, rows, true)),
        Stream.concat(
            small()
                .flatMap(config -> Stream.of(3, 70).map(rows -> Arguments.of(config, rows, true))),
            Stream.of(
                Arguments.of(CharGruConfig.plain(65, 1024, 2), 65, true),
                Arguments.of(CharGruConfig.residual(65, 32, 512, 3), 1000, true),
                Arguments.of(CharGruConfig.residual(500, 32, 512, 3), 130, true))));
  }

  static Stream<Arguments> batches() {
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

  /** Returns a random state in the range of real ones. */
  static float[] state(CharGruConfig config, SplittableRandom random) {
    float[] values = new float[config.layers() * config.hiddenSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void samplesFromLogitsThatMatchFloat64(CharGruConfig config, int rows, boolean pipeline) {
    int vocabulary = config.vocabularySize();
    SplittableRandom random = new SplittableRandom(4);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, random);
        FusedDecoders model =
            GpuForms.load(manager, network, network.config().vocabularySize(), rows, pipeline);
        FusedStreams streams = (FusedStreams) model.createDecoder().orElseThrow()) {
      float[][] states = new float[rows][];
      BitSet[] seen = new BitSet[rows];
      List<FusedDecoder.StepPlan> plans = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        states[row] = state(config, random);
        seen[row] = new BitSet();
        seen[row].set(row % vocabulary);
        int[] forced = random.ints(Math.min(row % 4 * 10, CHARACTERS), 0, vocabulary).toArray();
        plans.add(StepPlanFixtures.plan(row, vocabulary, forced, CHARACTERS).withLogits());
        try (NDArray state =
            manager.create(states[row], new Shape(config.layers(), config.hiddenSize()))) {
          streams.join(state, seen[row]);
        }
      }
      streams.launch(plans, CHARACTERS);
      FusedDecoder.LaunchResult result = streams.finish();
      int[][] ids = result.ids();

      Sampler sampler = new Sampler(vocabulary);
      int[] last = plans.stream().mapToInt(FusedDecoder.StepPlan::lastId).toArray();
      int draws = 0;
      double farthest = 0;
      try (Float64Gru precise = new Float64Gru(manager, network, states)) {
        for (int k = 0; k < CHARACTERS; k++) {
          double[] expected = precise.step(last);
          for (int i = 0; i < expected.length; i++) {
            if (k < plans.get(i / vocabulary).forced().length) {
              continue; // a forced id has no logits
            }
            float logit = result.logits()[i / vocabulary][k * vocabulary + i % vocabulary];
            double distance = Math.abs(logit - expected[i]);
            if (!(distance <= TOLERANCE)) {
              fail("logit %d after %d characters is %s from %s", i, k, distance, expected[i]);
            }
            farthest = Math.max(farthest, distance);
          }
          for (int row = 0; row < rows; row++) {
            FusedDecoder.StepPlan plan = plans.get(row);
            int position = k - plan.forced().length;
            if (position < 0) {
              assertThat(ids[row][k]).as("forced").isEqualTo(plan.forced()[k]);
            } else {
              double uniform = SeededRandom.uniform(plan.seed(), position);
              float[] logits = result.logits()[row];
              int drawn =
                  sampler.sample(logits, k * vocabulary, seen[row], plan.sampling(), uniform);
              assertThat(ids[row][k])
                  .as("draw %d of stream %d, by %s", position, row, plan.sampling())
                  .isEqualTo(drawn);
              draws++;
            }
            last[row] = ids[row][k];
            seen[row].set(ids[row][k]);
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
          "%s, %d streams%s: the largest error of a logit is %.4f, all %d draws match the host's%n",
          config, rows, pipeline ? " in a pipeline" : "", farthest, draws);
    }
  }

  /** A third of the ids are larger; without the limit, nearly every row would draw one. */
  @ParameterizedTest
  @CsvSource({"1, false", "40, false", "40, true"})
  void neverDrawsAnIdThatIsNotACharacter(int rows, boolean pipeline) {
    CharGruConfig config = CharGruConfig.residual(3, 32, 64, 2);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4));
        FusedDecoders model = GpuForms.load(manager, network, 2, rows, pipeline);
        FusedStreams streams = (FusedStreams) model.createDecoder().orElseThrow()) {
      List<FusedDecoder.StepPlan> plans = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        streams.join(new BitSet());
        // The last id is legal in a prompt.
        plans.add(StepPlanFixtures.plan(row, 2, 0, new int[] {2, 2}, CHARACTERS));
      }
      streams.launch(plans, CHARACTERS);
      for (int[] ids : streams.finish().ids()) {
        assertThat(Arrays.copyOf(ids, 2)).containsOnly(2);
        assertThat(Arrays.copyOfRange(ids, 2, CHARACTERS)).doesNotContain(2);
      }
    }
  }

  /**
   * The text is generated, or the last tenth of the file that {@code FOLIO_CORPUS} names. It is
   * read in 64 streams.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theEmbeddedCheckpointsLossMatchesFloat32(boolean pipeline) throws IOException {
    int rows = 64;
    Checkpoint checkpoint = Checkpoint.embedded();
    CharGruConfig config = checkpoint.config();
    int vocabulary = config.vocabularySize();
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = checkpoint.load(manager);
        Decoder decoder = new Decoder(manager, network);
        FusedDecoders model =
            GpuForms.load(manager, network, network.config().vocabularySize(), rows, pipeline);
        FusedStreams streams = (FusedStreams) model.createDecoder().orElseThrow()) {
      for (int row = 0; row < rows; row++) {
        streams.join(new BitSet());
      }
      String corpus = System.getenv("FOLIO_CORPUS");
      int[] text =
          corpus == null ? null : checkpoint.vocabulary().encode(Files.readString(Path.of(corpus)));
      int begin = text == null ? 0 : text.length * 9 / 10;
      int characters = text == null ? 1_000 : (text.length - begin) / rows;
      int[] last = new int[rows];
      for (int row = 0; row < rows; row++) {
        last[row] = text == null ? row % vocabulary : text[begin + row * characters];
      }
      double fused = 0;
      double inFloat32 = 0;
      DecodeState state = decoder.zeroState(rows);
      for (int k = 1; k < characters; k++) {
        List<FusedDecoder.StepPlan> plans = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
          SamplingParameters plain = SamplingParameters.DEFAULT;
          plans.add(new FusedDecoder.StepPlan(row, plain, last[row], k, new int[0], 1, true));
        }
        streams.launch(plans, 1);
        FusedDecoder.LaunchResult result = streams.finish();
        DecodeState before = state;
        try (StepOutput output =
            decoder.step(Arrays.stream(last).asLongStream().toArray(), before)) {
          for (int row = 0; row < rows; row++) {
            last[row] = text == null ? result.ids()[row][0] : text[begin + row * characters + k];
            fused += loss(result.logits()[row], 0, vocabulary, last[row]);
            inFloat32 += loss(output.logits(), row * vocabulary, vocabulary, last[row]);
          }
          state = output.state();
        }
        before.close();
      }
      state.close();
      long scored = (long) rows * (characters - 1);
      System.out.printf(
          "%s: %.5f nats per character fused, %.5f in float32%n",
          corpus == null ? "its own text" : corpus, fused / scored, inFloat32 / scored);
      assertThat(fused / scored).isCloseTo(inFloat32 / scored, within(0.001));
    }
  }

  private static double loss(float[] logits, int from, int vocabulary, int id) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      max = Math.max(max, logits[from + i]);
    }
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += Math.exp(logits[from + i] - max);
    }
    return Math.log(sum) + max - logits[from + id];
  }
}
