package folio.inference.fused;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.util.Float16Utils;
import com.sun.jna.Pointer;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.sampling.SamplingParameters;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.FakeDriver;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What is asked of CUDA's driver for streams on a chip. The driver is one on the host; in the
 * kernel's place stands a rule that reads and writes where {@code decode.cu} does.
 */
class FusedStreamsTest {
  private static final int LAYERS = 2;
  private static final int HIDDEN = 64;
  private static final int VOCABULARY = 40;
  private static final int PLACES = 16;
  private static final int STATE = LAYERS * HIDDEN;
  private static final int STREAM_BYTES = 64;
  private static final int LAUNCH_BYTES = 136;
  private static final int NANOS = 0xEE6B2800; // four seconds, as an unsigned number

  private NDManager manager;
  private CharGru network;
  private KernelLayout plan;
  private FakeDriver driver;
  private boolean comesBack = true;

  @BeforeEach
  void makeNetwork() {
    manager = NDManager.newBaseManager();
    CharGruConfig config = CharGruConfig.residual(VOCABULARY, 32, HIDDEN, LAYERS);
    network = CharGru.initialize(manager, config, new SplittableRandom(3));
    plan = KernelLayout.of(config, HOPPER);
    driver = new FakeDriver(HOPPER, this::kernel, LAUNCH_BYTES);
  }

  @AfterEach
  void close() {
    driver.close();
    manager.close();
    assertThat(driver.modules()).as("modules that were left").isZero();
  }

  private FusedModel model() {
    return new FusedModel(manager, network, plan, PLACES, new byte[] {1});
  }

  /** What stands for a network: it depends on all that a stream has. */
  private static int next(
      long seed, int position, int last, double temperature, float h, int bits) {
    long mixed = seed * 31 + position * 7L + last * 5L + (long) (h * 3) + bits * 11L;
    return (int) Math.floorMod(mixed + (long) (temperature * 100), (long) VOCABULARY);
  }

  private void kernel(FakeDriver.Launch launch) {
    int count = launch.number(120);
    int places = launch.number(124);
    int steps = launch.number(128);
    Pointer control = launch.memory(104);
    control.setInt(8, NANOS);
    assertThat(control.getLong(0)).as("control").isZero();
    assertThat(places).isEqualTo((count + 7) / 8 * 8);
    assertThat(launch.function()).isEqualTo(count <= 8 ? "decodeSmallBatch" : "decodeLargeBatch");
    assertThat(launch.blocks()).isEqualTo(plan.blocks());
    assertThat(launch.sharedBytes()).isEqualTo(plan.sharedBytes(places));
    if (!comesBack) {
      control.setInt(4, 1);
      return;
    }
    for (int place = 0; place < count; place++) {
      Pointer stream = launch.memory(56).share((long) place * STREAM_BYTES);
      Pointer state = launch.memory(40).share((long) place * STATE * Float.BYTES);
      Pointer seen = launch.memory(72).share((long) place * plan.seenWords() * Integer.BYTES);
      int last = stream.getInt(44);
      int length = stream.getInt(52);
      assertThat(length).isLessThanOrEqualTo(steps);
      for (int k = 0; k < length; k++) {
        int bits = 0;
        for (int word = 0; word < plan.seenWords(); word++) {
          bits += Integer.bitCount(seen.getInt((long) word * Integer.BYTES));
        }
        float h = state.getFloat((STATE - 1L) * Float.BYTES);
        int drawn = k - stream.getInt(60);
        last =
            drawn < 0
                ? launch.memory(64).getInt((stream.getInt(56) + (long) k) * Integer.BYTES)
                : next(
                    stream.getLong(0),
                    stream.getInt(48) + drawn,
                    last,
                    stream.getDouble(8),
                    h,
                    bits);
        state.setFloat((STATE - 1L) * Float.BYTES, h + last);
        int word = last / Integer.SIZE * Integer.BYTES;
        seen.setInt(word, seen.getInt(word) | 1 << last % Integer.SIZE);
        launch.memory(88).setInt(((long) place * steps + k) * Integer.BYTES, last);
      }
    }
  }

  /** A stream, and what the rule makes of it. */
  private static final class Text {
    final int[] given;
    final long seed;
    final SamplingParameters sampling;
    final int length;
    final BitSet seen = new BitSet();
    final List<Integer> expected = new ArrayList<>();
    final List<Integer> written = new ArrayList<>();
    final float first;
    float state;

    Text(int index) {
      given = new SplittableRandom(index).ints(index % 4 * 9L, 0, VOCABULARY).toArray();
      seed = 1000L + index;
      sampling = SamplingParameters.DEFAULT.withTemperature(0.5 + index % 3 * 0.25);
      length = given.length + 20 + index * 7 % 90;
      first = index % 3; // 0: it joins without a state
      state = first;
      seen.set(index % VOCABULARY);
      BitSet bits = (BitSet) seen.clone();
      int last = 1;
      for (int k = -given.length; k < length - given.length; k++) {
        last =
            k < 0
                ? given[given.length + k]
                : next(seed, k, last, sampling.temperature(), state, bits.cardinality());
        state += last;
        bits.set(last);
        expected.add(last);
      }
    }

    FusedDecoder.Order order(int most) {
      int done = written.size();
      int last = done == 0 ? 1 : written.get(done - 1);
      int steps = Math.min(most, length - done);
      int from = Math.min(done, given.length);
      return new FusedDecoder.Order(
          seed,
          sampling,
          last,
          Math.max(0, done - given.length),
          Arrays.copyOfRange(given, from, Math.min(from + steps, given.length)),
          steps);
    }
  }

  private void join(FusedDecoder streams, Text text) {
    if (text.first == 0) {
      streams.join(text.seen);
      return;
    }
    float[] values = new float[STATE];
    values[STATE - 1] = text.first;
    try (NDArray state = manager.create(values, new Shape(LAYERS, HIDDEN))) {
      streams.join(state, text.seen);
    }
  }

  @Test
  void streamsThatComeAndGoAreWrittenAsIfAlone() {
    try (FusedModel model = model();
        FusedDecoder streams = model.decoder().orElseThrow()) {
      streams.warm();
      List<Text> running = new ArrayList<>();
      SplittableRandom random = new SplittableRandom(5);
      int begun = 0;
      int ended = 0;
      while (ended < 60) {
        for (int joining = random.nextInt(6); joining > 0 && streams.room() > 0; joining--) {
          Text text = new Text(begun++);
          join(streams, text);
          running.add(text);
        }
        if (running.isEmpty()) {
          continue;
        }
        int most = random.nextInt(1, 40);
        streams.launch(running.stream().map(text -> text.order(most)).toList(), most);
        int[][] written = streams.finish().ids();
        for (int place = running.size() - 1; place >= 0; place--) {
          Text text = running.get(place);
          for (int id : written[place]) {
            text.written.add(id);
          }
          if (text.written.size() == text.length) {
            assertThat(text.written).isEqualTo(text.expected);
            assertThat(streams.state(place)[STATE - 1]).isEqualTo(text.state);
            streams.leave(place);
            Text last = running.remove(running.size() - 1);
            if (place < running.size()) {
              running.set(place, last);
            }
            ended++;
          }
        }
      }
      assertThat(begun).as("more than there are places").isGreaterThan(3 * PLACES);
    }
    assertThat(driver.allocations()).isZero();
  }

  @Test
  void hasRoomForItsPlacesAndForWhoeverComesAfterAllLeft() {
    try (FusedModel model = model();
        FusedDecoder streams = model.decoder().orElseThrow()) {
      for (int i = 0; i < PLACES; i++) {
        assertThat(streams.room()).isEqualTo(PLACES - i);
        join(streams, new Text(i));
      }
      assertThat(streams.room()).isZero();
      streams.clear();
      Text text = new Text(99);
      join(streams, text);
      streams.launch(List.of(text.order(20)), 20);

      FusedDecoder.Written written = streams.finish();
      assertThat(written.ids()[0]).containsExactly(ids(text, 0, 20));
      assertThat(written.nanos()).isEqualTo(4_000_000_000L);
    }
  }

  @Test
  void whoLeavesAndJoinsWhileALaunchIsUnderWayChangesItNot() {
    try (FusedModel model = model();
        FusedDecoder streams = model.decoder().orElseThrow()) {
      List<Text> three = List.of(new Text(1), new Text(2), new Text(3));
      three.forEach(text -> join(streams, text));
      streams.launch(three.stream().map(text -> text.order(10)).toList(), 10);
      streams.leave(0);
      Text joining = new Text(4);
      join(streams, joining);
      int[][] written = streams.finish().ids();

      for (int place = 0; place < 3; place++) {
        for (int id : written[place]) {
          three.get(place).written.add(id);
        }
        assertThat(three.get(place).written).isEqualTo(three.get(place).expected.subList(0, 10));
      }
      List<Text> then = List.of(three.get(2), three.get(1), joining);
      streams.launch(then.stream().map(text -> text.order(10)).toList(), 10);
      written = streams.finish().ids();
      assertThat(written[0]).containsExactly(ids(three.get(2), 10, 20));
      assertThat(written[1]).containsExactly(ids(three.get(1), 10, 20));
      assertThat(written[2]).containsExactly(ids(joining, 0, 10));
    }
  }

  private static int[] ids(Text text, int from, int to) {
    return text.expected.subList(from, to).stream().mapToInt(id -> id).toArray();
  }

  @Test
  void tellsOfAKernelThatDoesNotComeBack() {
    comesBack = false;
    try (FusedModel model = model();
        FusedDecoder streams = model.decoder().orElseThrow()) {
      join(streams, new Text(0));
      streams.launch(List.of(new Text(0).order(5)), 5);

      assertThatThrownBy(streams::finish)
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("did not come to its end");
    }
    assertThat(driver.allocations()).isZero();
  }

  @Test
  void aLaneThatTheDeviceHasNoMemoryForHasNoDecoder() {
    try (FusedModel model = model()) {
      int ofTheModel = driver.allocations();
      for (int before = 0; before < 5; before++) {
        driver.fail("cuMemAlloc_v2", before);

        assertThat(model.decoder()).isEmpty();
        assertThat(driver.allocations()).isEqualTo(ofTheModel);
      }
    }
  }

  @Test
  void aModelThatTheDeviceHasNoMemoryForLeavesNone() {
    for (int before = 0; before < 5; before++) {
      driver.fail("cuMemAlloc_v2", before);

      assertThatThrownBy(this::model)
          .isInstanceOf(CudaException.class)
          .hasMessage("cuMemAlloc_v2 returned CUDA_ERROR_OUT_OF_MEMORY");
      assertThat(driver.allocations()).isZero();
    }
  }

  @Test
  void aRefusedLaunchIsAnError() {
    driver.fail("cuLaunchCooperativeKernel", 0);
    try (FusedModel model = model();
        FusedDecoder streams = model.decoder().orElseThrow()) {
      join(streams, new Text(0));

      assertThatThrownBy(() -> streams.launch(List.of(new Text(0).order(5)), 5))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cuLaunchCooperativeKernel");
    }
  }

  /** {@code [block][matrix][pair][row][32]}, hidden 0, input 1, hidden 1. */
  @Test
  void weightsLieWhereTheKernelLooksForThem() {
    try (FusedModel model = model()) {
      ByteBuffer launch = FusedModel.buffer(40);
      model.put(launch);
      Pointer weights = new Pointer(launch.getLong(0));
      List<float[]> matrices =
          List.of(
              HostCopy.floats(network.weights().layers().get(0).get(1)),
              HostCopy.floats(network.weights().layers().get(1).get(0)),
              HostCopy.floats(network.weights().layers().get(1).get(1)));
      long at = 0;
      for (int block = 0; block < HIDDEN / plan.units(); block++) {
        for (float[] matrix : matrices) {
          for (int pair = 0; pair < HIDDEN / 32; pair++) {
            for (int gate = 0; gate < 3; gate++) {
              for (int unit = block * plan.units(); unit < (block + 1) * plan.units(); unit++) {
                for (int k = pair * 32; k < (pair + 1) * 32; k++) {
                  assertThat(weights.getShort(at))
                      .isEqualTo(
                          Float16Utils.floatToHalf(matrix[(gate * HIDDEN + unit) * HIDDEN + k]));
                  at += Short.BYTES;
                }
              }
            }
          }
        }
      }
    }
  }
}
