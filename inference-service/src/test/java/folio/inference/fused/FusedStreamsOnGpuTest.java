package folio.inference.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.inference.decoding.Decoder;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.testing.Gpu;
import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.CudaStream;
import folio.runtime.cuda.Nvrtc;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who else is there changes nothing on the chip, and what does not come back is given up. */
class FusedStreamsOnGpuTest {
  @BeforeAll
  static void needsAGpu() {
    Gpu.needed(FusedStreamsOnGpuTest.class);
    Decoder.prepareThread(Device.gpu());
  }

  /**
   * A block never comes: the barrier's counter begins where it cannot reach its end from, or one of
   * those whose outputs the others wait for is not there.
   */
  @ParameterizedTest
  @CsvSource({"1, -1000000, 0", "1, 0, 1", "9, -1000000, 0"})
  void aKernelThatWaitsInVainGivesUpAndTheNextOneRuns(int rows, int counter, int missing) {
    int layers = 3;
    int hidden = 128;
    long nanos = 20_000_000;
    CharGruConfig config = CharGruConfig.residual(65, 32, hidden, layers);
    CudaStream stream = CudaStream.current();
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4));
        FusedModel model = (FusedModel) FusedModel.of(manager, network, rows).orElseThrow();
        FusedDecoder streams = model.decoder().orElseThrow();
        CudaMemory scratch = CudaMemory.allocate(Device.gpu(), stream, 1 << 20);
        CudaMemory control = CudaMemory.allocate(Device.gpu(), stream, 16)) {
      long part = 1 << 17;
      int lengthOfTheFirst = 52; // of struct Stream
      scratch.write(stream, 2 * part + lengthOfTheFirst, FusedModel.buffer(4).putInt(0, 1));
      control.write(stream, 0, FusedModel.buffer(4).putInt(0, counter));
      ByteBuffer launch = FusedModel.buffer(136);
      model.put(launch);
      for (int i = 0; i < 7; i++) {
        launch.putLong(scratch.address() + i * part);
      }
      launch.putLong(0).putLong(control.address()).putLong(nanos);
      launch.putInt(rows).putInt(KernelLayout.places(rows)).putInt(1);
      model.launch(stream, model.plan().blocks() - missing, rows, launch.rewind());
      assertThat(control.read(stream, 4, 4).getInt()).as("gave up").isEqualTo(1);
      assertThat(control.read(stream, 8, 4).getInt()).as("nanoseconds").isGreaterThan((int) nanos);

      streams.join(new BitSet());
      streams.launch(List.of(FusedOrders.order(0, 65, new int[0], 50)), 50);
      assertThat(streams.finish().ids()[0]).hasSize(50);
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
                  FusedTexts.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
    Set<String> own = new HashSet<>();
    do { // they take a while to begin
      own.add(FusedTexts.digest());
    } while (others.stream().anyMatch(Process::isAlive));
    assertThat(own).hasSize(1);
    for (Process other : others) {
      try (var output = other.inputReader()) {
        assertThat(output.lines()).containsAll(own);
      }
      assertThat(other.waitFor()).isZero();
    }
  }

  /** Two lanes of a model, and one that has another, as while that takes the first one's place. */
  @Test
  void lanesAndModelsShareAGpu() throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(3);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, FusedTexts.CONFIG, new SplittableRandom(9));
        FusedDecoderFactory shared = FusedModel.of(manager, network, 64).orElseThrow()) {
      List<Callable<String>> each =
          List.of(
              () -> inALane(() -> FusedTexts.digest(shared)),
              () -> inALane(() -> FusedTexts.digest(shared)),
              () -> inALane(FusedTexts::digest));
      String alone = FusedTexts.digest();
      for (Future<String> digest : workers.invokeAll(each)) {
        assertThat(digest.get()).isEqualTo(alone);
      }
    } finally {
      workers.shutdownNow();
    }
  }

  private static String inALane(Supplier<String> decoding) {
    Decoder.prepareThread(Device.gpu());
    return decoding.get();
  }

  @ParameterizedTest
  @CsvSource({"64, 10000", "200, 1000"})
  void aStreamIsTheSameAloneAndAmongOthersThatComeAndGo(int all, int characters) {
    int vocabulary = 65;
    CharGruConfig config = CharGruConfig.residual(vocabulary, 32, 512, 8);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4));
        FusedDecoderFactory model = FusedModel.of(manager, network, all).orElseThrow();
        FusedDecoder streams = model.decoder().orElseThrow()) {
      int[][] together = new int[all][characters];
      float[][] states = new float[all][];
      List<Integer> places = new ArrayList<>();
      int[] done = new int[all];
      SplittableRandom random = new SplittableRandom(7);
      int next = 0;
      while (next < all || !places.isEmpty()) {
        for (int joining = random.nextInt(all / 5); joining > 0 && next < all; joining--) {
          streams.join(new BitSet());
          places.add(next++);
        }
        if (places.isEmpty()) {
          continue;
        }
        int steps = random.nextInt(1, FusedDecoder.MAX_STEPS);
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

      for (int stream : new int[] {0, 1, 17, 40, all - 1}) {
        int[][] alone = new int[all][characters];
        Arrays.fill(done, 0);
        streams.join(new BitSet());
        while (done[stream] < characters) {
          launch(streams, List.of(stream), alone, done, FusedDecoder.MAX_STEPS, vocabulary);
        }
        assertThat(alone[stream]).containsExactly(together[stream]);
        assertThat(streams.state(0)).containsExactly(states[stream]);
        streams.leave(0);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"256, 3, 200", "1536, 1, 200", "2048, 1, 60"})
  void blocksThatShareWhatTheyReadAndBlocksThatDoNotWriteTheSame(int hidden, int layers, int rows) {
    CudaDevice gpu = CudaDevice.of(Device.gpu());
    assumeTrue(gpu.architecture() >= 90, "skipped: the GPU has no clusters of blocks");
    CharGruConfig config = CharGruConfig.residual(65, 32, hidden, layers);
    KernelLayout plan = KernelLayout.of(config, gpu);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4))) {
      int[][] sharing = texts(manager, network, plan, gpu, rows);
      KernelLayout single =
          new KernelLayout(layers, hidden, 65, plan.residual(), plan.relu(), plan.units(), 1);

      assertThat(texts(manager, network, single, gpu, rows)).isDeepEqualTo(sharing);
      assertThat(texts(manager, network, plan, gpu, 3)).isDeepEqualTo(Arrays.copyOf(sharing, 3));
    }
  }

  private static int[][] texts(
      NDManager manager, CharGru network, KernelLayout plan, CudaDevice gpu, int rows) {
    byte[] binary =
        Nvrtc.ofThisProcess()
            .compile(
                KernelCache.source(), KernelCache.SOURCE, gpu.architecture(), plan.definitions());
    int places = plan.mostPlaces(gpu, rows);
    assertThat(places).isGreaterThanOrEqualTo(rows);
    try (FusedModel model = new FusedModel(manager, network, plan, places, binary);
        FusedDecoder streams = model.decoder().orElseThrow()) {
      List<FusedDecoder.Order> orders = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        streams.join(new BitSet());
        orders.add(FusedOrders.order(row, 65, FusedOrders.given(row, 65), FusedDecoder.MAX_STEPS));
      }
      streams.launch(orders, FusedDecoder.MAX_STEPS);
      return streams.finish().ids();
    }
  }

  private static void launch(
      FusedDecoder streams, List<Integer> places, int[][] texts, int[] done, int steps, int v) {
    List<FusedDecoder.Order> orders = new ArrayList<>();
    for (int stream : places) {
      int[] text = texts[stream];
      int length = Math.min(steps, text.length - done[stream]);
      int last = done[stream] == 0 ? stream % v : text[done[stream] - 1];
      int[] given = FusedOrders.given(stream, v);
      int from = Math.min(done[stream], given.length);
      int position = done[stream] - from;
      int[] now = Arrays.copyOfRange(given, from, Math.min(from + length, given.length));
      orders.add(FusedOrders.order(stream, last, position, now, length));
    }
    streams.launch(orders, steps);
    int[][] written = streams.finish().ids();
    for (int place = 0; place < written.length; place++) {
      int stream = places.get(place);
      System.arraycopy(written[place], 0, texts[stream], done[stream], written[place].length);
      done[stream] += written[place].length;
    }
  }
}
