package folio.inference.fused;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Pointer;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.runtime.cuda.FakeDriver;
import java.util.SplittableRandom;
import java.util.function.ToIntBiFunction;

/**
 * A stand-in for the persistent kernel, on a fake driver. It reads and writes memory where {@code
 * decode.cu} does, but a simple rule replaces the network. Offsets are written out here once more,
 * so that a wrong one in the encoders fails a test.
 */
final class FakeKernel implements AutoCloseable {
  static final int LAYERS = 2;
  static final int HIDDEN = 64;
  static final int VOCABULARY = 40;
  static final int SLOTS = 16;
  static final int STATE = LAYERS * HIDDEN;

  /** The duration that every launch reports: four seconds, which needs an unsigned int. */
  static final int NANOS = 0xEE6B2800;

  private static final int STREAM_BYTES = 72;
  private static final int LAUNCH_BYTES = 160;

  final NDManager manager = NDManager.newBaseManager();
  final CharGru network;
  final KernelLayout layout;
  final PipelineLayout pipeline;
  final FakeDriver driver;

  /** The duration that a launch reports, by the name of its kernel and its number of streams. */
  ToIntBiFunction<String, Integer> nanos = (function, streams) -> NANOS;

  /** A number that the pipeline adds to every id that it draws: not 0 in a wrong pipeline. */
  int pipelineError;

  /** True if launches must time out. */
  boolean timesOut;

  /** The weights of the last launch. */
  Pointer weights;

  FakeKernel() {
    CharGruConfig config = CharGruConfig.residual(VOCABULARY, 32, HIDDEN, LAYERS);
    network = CharGru.initialize(manager, config, new SplittableRandom(3));
    layout = KernelLayout.of(config, HOPPER);
    pipeline = PipelineLayout.of(config, HOPPER).orElseThrow();
    driver = new FakeDriver(HOPPER, this::run, LAUNCH_BYTES);
  }

  FusedModel model() {
    return new FusedModel(
        manager,
        network,
        network.config().vocabularySize(),
        new CompiledKernel(layout, SLOTS, new byte[] {1}));
  }

  /** Returns a model with a pipeline, which decodes nothing yet. */
  FusedModel modelWithPipeline(int batchSlots, int slots) {
    FusedModel model =
        new FusedModel(
            manager,
            network,
            network.config().vocabularySize(),
            new CompiledKernel(layout, batchSlots, new byte[] {1}));
    model.addPipeline(manager, network, new CompiledPipeline(pipeline, slots, new byte[] {2}));
    return model;
  }

  FusedDecoders decoders() {
    return new FusedDecoders(model());
  }

  /** Adds a stream to a decoder, with the state that the stream begins with. */
  void join(FusedDecoder decoder, FakeStream stream) {
    if (stream.firstState == 0) {
      decoder.join(stream.seen);
      return;
    }
    float[] values = new float[STATE];
    values[STATE - 1] = stream.firstState;
    try (NDArray state = manager.create(values, new Shape(LAYERS, HIDDEN))) {
      decoder.join(state, stream.seen);
    }
  }

  /** Returns the next id. The rule depends on everything that a stream has. */
  static int next(long seed, int position, int last, double temperature, float h, int seenIds) {
    long mixed = seed * 31 + position * 7L + last * 5L + (long) (h * 3) + seenIds * 11L;
    return (int) Math.floorMod(mixed + (long) (temperature * 100), (long) VOCABULARY);
  }

  /** Returns the logit that a launch reports. */
  static float logit(int slot, int step, int id) {
    return slot * 10_000 + step * 100 + id;
  }

  private void run(FakeDriver.Launch launch) {
    weights = launch.memory(0);
    int count = launch.number(148);
    int slots = launch.number(152);
    int steps = launch.number(156);
    Pointer control = launch.memory(104);
    control.setInt(8, nanos.applyAsInt(launch.function(), count));
    assertThat(control.getLong(0)).as("control").isZero();
    assertThat(launch.number(144)).as("characters").isEqualTo(VOCABULARY);
    if (launch.function().equals("decodePipeline")) {
      checkPipeline(launch, slots, count);
    } else {
      assertThat(slots).isEqualTo((count + 7) / 8 * 8);
      assertThat(launch.function()).isEqualTo(count <= 8 ? "decodeSmallBatch" : "decodeLargeBatch");
      assertThat(launch.blocks()).isEqualTo(layout.blocks());
      assertThat(launch.sharedBytes()).isEqualTo(layout.sharedBytes(slots));
    }
    if (timesOut) {
      control.setInt(4, 1);
      return;
    }
    for (int slot = 0; slot < count; slot++) {
      runStream(launch, slot, steps);
    }
  }

  /** Checks a launch of the pipeline, and writes to the ends of its scratch memory. */
  private void checkPipeline(FakeDriver.Launch launch, int slots, int count) {
    assertThat(slots).isEqualTo((count + 63) / 64 * 64);
    assertThat(launch.threads()).isEqualTo(384);
    assertThat(launch.blocks()).isEqualTo(pipeline.blocks());
    assertThat(launch.sharedBytes()).isEqualTo(pipeline.sharedBytes());
    launch.memory(48).setShort((2L * LAYERS + 2) * slots * HIDDEN * Short.BYTES - 2, (short) 1);
    launch.memory(112).setInt((long) slots * HIDDEN * Float.BYTES - 4, 1);
    launch.memory(120).setInt((long) slots * pipeline.headRows() * Float.BYTES - 4, 1);
    launch.memory(128).setInt((LAYERS + 1L) * (slots / 64) * Integer.BYTES - 4, 1);
  }

  private void runStream(FakeDriver.Launch launch, int slot, int steps) {
    Pointer stream = launch.memory(56).share((long) slot * STREAM_BYTES);
    Pointer state = launch.memory(40).share((long) slot * STATE * Float.BYTES);
    Pointer seen = launch.memory(72).share((long) slot * layout.seenWords() * Integer.BYTES);
    int last = stream.getInt(44);
    int length = stream.getInt(52);
    assertThat(length).isLessThanOrEqualTo(steps);
    for (int k = 0; k < length; k++) {
      int seenIds = 0;
      for (int word = 0; word < layout.seenWords(); word++) {
        seenIds += Integer.bitCount(seen.getInt((long) word * Integer.BYTES));
      }
      float h = state.getFloat((STATE - 1L) * Float.BYTES);
      int sampled = k - stream.getInt(60);
      int error = launch.function().equals("decodePipeline") ? pipelineError : 0;
      last =
          sampled < 0
              ? launch.memory(64).getInt((stream.getInt(56) + (long) k) * Integer.BYTES)
              : next(
                  stream.getLong(0),
                  stream.getInt(48) + sampled,
                  last,
                  stream.getDouble(8),
                  h,
                  seenIds + error);
      state.setFloat((STATE - 1L) * Float.BYTES, h + last);
      int word = last / Integer.SIZE * Integer.BYTES;
      seen.setInt(word, seen.getInt(word) | 1 << last % Integer.SIZE);
      launch.memory(88).setInt(((long) slot * steps + k) * Integer.BYTES, last);
      int row = stream.getInt(64);
      for (int id = 0; id < VOCABULARY && row >= 0; id++) {
        long at = ((long) row * steps + k) * VOCABULARY + id;
        launch.memory(96).setFloat(at * Float.BYTES, logit(slot, k, id));
      }
    }
  }

  @Override
  public void close() {
    driver.close();
    manager.close();
    assertThat(driver.modules()).as("modules that were not unloaded").isZero();
  }
}
