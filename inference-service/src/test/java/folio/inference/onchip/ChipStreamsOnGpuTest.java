package folio.inference.onchip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoded;
import folio.inference.decoding.Decoder;
import folio.model.checkpoint.Checkpoint;
import folio.model.cuda.CudaMemory;
import folio.model.cuda.CudaStream;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
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
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chip writes what libtorch would have written, to float16's tolerance. */
class ChipStreamsOnGpuTest {
  /** Of a logit and of a state, after a hundred characters in float16 on one side. */
  private static final float TOLERANCE = 0.02f;

  /** Of draws: a logit that differs in its fourth digit seldom changes the character. */
  private static final double SAME = 0.98;

  /** Fewer where every access is watched, which takes a thousand times as long. */
  private static final int CHARACTERS = Integer.getInteger("folio.characters", 100);

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

  static void join(ChipDecoder streams, NDManager manager, int layers, int hidden) {
    try (NDArray zero = manager.zeros(new Shape(layers, hidden))) {
      streams.join(zero, new BitSet());
    }
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
    "RESIDUAL, 65, 512, 8, 8",
    "RESIDUAL, 65, 512, 8, 64",
    "RESIDUAL, 65, 512, 8, 256",
    "RESIDUAL, 33, 128, 3, 20",
    "PLAIN, 300, 64, 1, 30",
    "PLAIN, 65, 1024, 2, 9"
  })
  void drawsWhatLibtorchDraws(NetworkKind kind, int vocabulary, int hidden, int layers, int rows) {
    int characters = CHARACTERS;
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network =
            CharGru.initialize(
                manager, config(kind, vocabulary, hidden, layers), new SplittableRandom(4));
        Decoder decoder = new Decoder(manager, network);
        Chip model = ChipModel.of(manager, network, rows).orElseThrow();
        ChipStreams streams = (ChipStreams) model.decoder().orElseThrow();
        CudaMemory told =
            CudaMemory.allocate(
                Device.gpu(),
                CudaStream.current(),
                (long) characters * rows * vocabulary * Float.BYTES)) {
      List<ChipDecoder.Order> orders = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        join(streams, manager, layers, hidden);
        orders.add(order(i, vocabulary, -1, i, characters));
      }
      streams.launch(orders, characters, told.address());
      int[][] written = streams.finish();
      float[] logits = floats(told, characters * rows * vocabulary);

      Sampler sampler = new Sampler(vocabulary);
      BitSet[] seen = new BitSet[rows];
      Arrays.setAll(seen, row -> new BitSet());
      long[] last = orders.stream().mapToLong(ChipDecoder.Order::lastId).toArray();
      DecodeState state = decoder.zeroState(rows);
      int same = 0;
      for (int k = 0; k < characters; k++) {
        DecodeState before = state;
        try (Decoded decoded = decoder.step(last, before)) {
          for (int i = 0; i < rows * vocabulary; i++) {
            assertThat(logits[k * rows * vocabulary + i])
                .as("logit %d after %d characters", i, k)
                .isCloseTo(decoded.logits()[i], within(TOLERANCE));
          }
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
        Chip model = ChipModel.of(manager, network, rows).orElseThrow();
        ChipStreams streams = (ChipStreams) model.decoder().orElseThrow();
        CudaMemory told =
            CudaMemory.allocate(
                Device.gpu(), CudaStream.current(), (long) rows * vocabulary * Float.BYTES)) {
      for (int row = 0; row < rows; row++) {
        join(streams, manager, config.layers(), config.hiddenSize());
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
      double onChip = 0;
      double inFloat32 = 0;
      DecodeState state = decoder.zeroState(rows);
      for (int k = 1; k < characters; k++) {
        List<ChipDecoder.Order> orders = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
          SamplingParameters plain = SamplingParameters.DEFAULT;
          orders.add(new ChipDecoder.Order(row, plain, last[row], k, 1));
        }
        streams.launch(orders, 1, told.address());
        int[][] drawn = streams.finish();
        float[] logits = floats(told, rows * vocabulary);
        DecodeState before = state;
        try (Decoded decoded = decoder.step(Arrays.stream(last).asLongStream().toArray(), before)) {
          for (int row = 0; row < rows; row++) {
            last[row] = given == null ? drawn[row][0] : given[begin + row * characters + k];
            onChip += loss(logits, row * vocabulary, vocabulary, last[row]);
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
          corpus == null ? "its own text" : corpus, onChip / scored, inFloat32 / scored);
      assertThat(onChip / scored).isCloseTo(inFloat32 / scored, within(0.001));
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

  /** A block that never comes: the barrier's counter begins where it cannot reach its end from. */
  @Test
  void aKernelThatWaitsInVainGivesUpAndTheNextOneRuns() {
    int layers = 3;
    int hidden = 128;
    CharGruConfig config = CharGruConfig.residual(65, 32, hidden, layers);
    CudaStream stream = CudaStream.current();
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4));
        ChipModel model = (ChipModel) ChipModel.of(manager, network, 1).orElseThrow();
        ChipDecoder streams = model.decoder().orElseThrow();
        CudaMemory scratch = CudaMemory.allocate(Device.gpu(), stream, 1 << 20);
        CudaMemory control = CudaMemory.allocate(Device.gpu(), stream, 8)) {
      control.write(stream, 0, ChipModel.buffer(8).putInt(-1_000_000).putInt(0).rewind());
      List<Number> arguments = new ArrayList<>(model.addresses());
      for (int i = 0; i < 6; i++) {
        arguments.add(scratch.address() + i * (1L << 17));
      }
      arguments.addAll(List.of(0L, control.address(), 1, ChipPlan.TILE, 1, 20_000_000L));
      model
          .kernel()
          .launchCooperatively(
              stream,
              model.plan().blocks(),
              ChipPlan.THREADS,
              model.plan().sharedBytes(ChipPlan.TILE),
              arguments.toArray(Number[]::new));
      assertThat(control.read(stream, 4, 4).getInt()).as("gave up").isEqualTo(1);

      join(streams, manager, layers, hidden);
      streams.launch(List.of(order(0, 65, -1, 0, 50)), 50);
      assertThat(streams.finish()[0]).hasSize(50);
    }
  }

  @Test
  void threeProcessesShareAGpu() throws Exception {
    List<Process> others = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      others.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  ChipTexts.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
    String own = ChipTexts.digest();
    for (Process other : others) {
      try (var output = other.inputReader()) {
        assertThat(output.lines()).contains(own);
      }
      assertThat(other.waitFor()).isZero();
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
          join(streams, manager, 8, 512);
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
        join(streams, manager, 8, 512);
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
