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

/**
 * Tests on a GPU that a stream's text does not depend on other streams, workers, models and
 * processes, and that a launch whose blocks do not all run times out.
 */
class FusedStreamsOnGpuTest {
  @BeforeAll
  static void needsAGpu() {
    Gpu.needed();
    Decoder.prepareThread(Device.gpu());
  }

  /**
   * A block never arrives: the barrier's counter begins at a value from which it cannot reach its
   * target, or a block is missing whose outputs the others wait for.
   */
  @ParameterizedTest
  @CsvSource({
    "1, -1000000, 0, false",
    "1, 0, 1, false",
    "9, -1000000, 0, false",
    "33, -1000000, 0, true",
    "33, 0, 1, true"
  })
  void aLaunchWithoutAllBlocksTimesOutAndTheNextOneRuns(
      int rows, int counter, int missing, boolean pipeline) {
    int layers = 3;
    int hidden = 128;
    long nanos = 20_000_000;
    CharGruConfig config = CharGruConfig.residual(65, 32, hidden, layers);
    CudaStream stream = CudaStream.current();
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4));
        FusedDecoders decoders =
            GpuForms.load(manager, network, network.config().vocabularySize(), rows, pipeline);
        FusedDecoder streams = decoders.createDecoder().orElseThrow();
        CudaMemory scratch = CudaMemory.allocate(Device.gpu(), stream, 1 << 23);
        CudaMemory control = CudaMemory.allocate(Device.gpu(), stream, 16)) {
      long part = 1 << 19;
      int length = 52; // offset in struct Stream
      scratch.write(stream, 2 * part + length, CudaMemory.hostBuffer(4).putInt(0, 1));
      control.write(stream, 0, CudaMemory.hostBuffer(4).putInt(0, counter));
      long[] parts = new long[10];
      Arrays.setAll(parts, i -> scratch.address() + i * part);
      LaunchStruct launch =
          new LaunchStruct(
              parts[0],
              parts[1],
              parts[2],
              parts[3],
              parts[4],
              parts[5],
              parts[6],
              0,
              control.address(),
              parts[7],
              parts[8],
              parts[9],
              nanos,
              65,
              rows,
              1);
      FusedModel model = decoders.model();
      model.form(rows).launch(stream, missing, launch);
      assertThat(control.read(stream, 4, 4).getInt()).as("timed out").isEqualTo(1);
      assertThat(control.read(stream, 8, 4).getInt()).as("nanoseconds").isGreaterThan((int) nanos);

      streams.join(new BitSet());
      streams.launch(List.of(StepPlanFixtures.plan(0, 65, new int[0], 50)), 50);
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
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  DecodingProcess.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
    Set<String> own = new HashSet<>();
    do { // the other processes take a while to start
      own.add(DecodingProcess.digest());
    } while (others.stream().anyMatch(Process::isAlive));
    assertThat(own).hasSize(1);
    for (Process other : others) {
      try (var output = other.inputReader()) {
        assertThat(output.lines()).containsAll(own);
      }
      assertThat(other.waitFor()).isZero();
    }
  }

  /** Two workers share a model and a third has another, as during a change of models. */
  @Test
  void workersAndModelsShareAGpu() throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(3);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network =
            CharGru.initialize(manager, DecodingProcess.CONFIG, new SplittableRandom(9));
        FusedDecoderFactory shared =
            FusedDecoders.load(manager, network, network.config().vocabularySize(), 64)
                .orElseThrow()) {
      List<Callable<String>> each =
          List.of(
              () -> onAWorker(() -> DecodingProcess.digest(shared)),
              () -> onAWorker(() -> DecodingProcess.digest(shared)),
              () -> onAWorker(DecodingProcess::digest));
      String alone = DecodingProcess.digest();
      for (Future<String> digest : workers.invokeAll(each)) {
        assertThat(digest.get()).isEqualTo(alone);
      }
    } finally {
      workers.shutdownNow();
    }
  }

  private static String onAWorker(Supplier<String> decoding) {
    Decoder.prepareThread(Device.gpu());
    return decoding.get();
  }

  @ParameterizedTest
  @CsvSource({"64, 10000, false", "200, 1000, false", "64, 2000, true", "1024, 2000, true"})
  void aStreamIsTheSameAloneAndAmongOthersThatJoinAndLeave(
      int all, int characters, boolean pipeline) {
    int vocabulary = 65;
    CharGruConfig config = CharGruConfig.residual(vocabulary, 32, 512, 8);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4));
        FusedDecoders model =
            GpuForms.load(manager, network, network.config().vocabularySize(), all, pipeline);
        FusedDecoder streams = model.createDecoder().orElseThrow()) {
      int[][] batched = new int[all][characters];
      float[][] states = new float[all][];
      List<Integer> running = new ArrayList<>();
      int[] done = new int[all];
      SplittableRandom random = new SplittableRandom(7);
      int next = 0;
      while (next < all || !running.isEmpty()) {
        for (int joining = random.nextInt(all / 5); joining > 0 && next < all; joining--) {
          streams.join(new BitSet());
          running.add(next++);
        }
        if (running.isEmpty()) {
          continue;
        }
        int steps = random.nextInt(1, FusedDecoder.MAX_STEPS);
        launch(streams, running, batched, done, steps, vocabulary);
        for (int slot = running.size() - 1; slot >= 0; slot--) {
          int stream = running.get(slot);
          if (done[stream] == characters) {
            states[stream] = streams.state(slot);
            streams.remove(slot);
            int last = running.remove(running.size() - 1);
            if (slot < running.size()) {
              running.set(slot, last);
            }
          }
        }
      }

      model.model().decodeByPipelineFrom(Integer.MAX_VALUE); // alone in the form for few streams
      for (int stream : new int[] {0, 1, 17, 40, all - 1}) {
        int[][] alone = new int[all][characters];
        Arrays.fill(done, 0);
        streams.join(new BitSet());
        while (done[stream] < characters) {
          launch(streams, List.of(stream), alone, done, FusedDecoder.MAX_STEPS, vocabulary);
        }
        assertThat(alone[stream]).containsExactly(batched[stream]);
        assertThat(streams.state(0)).containsExactly(states[stream]);
        streams.remove(0);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"256, 3, 200", "1536, 1, 200", "2048, 1, 60"})
  void blocksInClustersAndSingleBlocksGenerateTheSame(int hidden, int layers, int rows) {
    CudaDevice gpu = CudaDevice.of(Device.gpu());
    assumeTrue(gpu.architecture() >= 90, "the GPU has no clusters of blocks");
    CharGruConfig config = CharGruConfig.residual(65, 32, hidden, layers);
    KernelLayout layout = KernelLayout.of(config, gpu);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(4))) {
      int[][] clustered = texts(manager, network, layout, gpu, rows);
      KernelLayout single =
          new KernelLayout(layers, hidden, 65, layout.residual(), layout.relu(), layout.units(), 1);

      assertThat(texts(manager, network, single, gpu, rows)).isDeepEqualTo(clustered);
      assertThat(texts(manager, network, layout, gpu, 3))
          .isDeepEqualTo(Arrays.copyOf(clustered, 3));
    }
  }

  private static int[][] texts(
      NDManager manager, CharGru network, KernelLayout layout, CudaDevice gpu, int rows) {
    byte[] binary =
        Nvrtc.ofThisProcess()
            .compile(KernelSource.program(), gpu.architecture(), KernelSource.definitions(layout));
    int slots = layout.maxSlots(gpu, rows);
    assertThat(slots).isGreaterThanOrEqualTo(rows);
    CompiledKernel kernel = new CompiledKernel(layout, slots, binary);
    try (FusedDecoders model =
            new FusedDecoders(
                new FusedModel(manager, network, network.config().vocabularySize(), kernel));
        FusedDecoder streams = model.createDecoder().orElseThrow()) {
      List<FusedDecoder.StepPlan> plans = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        streams.join(new BitSet());
        plans.add(
            StepPlanFixtures.plan(
                row, 65, StepPlanFixtures.forced(row, 65), FusedDecoder.MAX_STEPS));
      }
      streams.launch(plans, FusedDecoder.MAX_STEPS);
      return streams.finish().ids();
    }
  }

  private static void launch(
      FusedDecoder streams, List<Integer> running, int[][] texts, int[] done, int steps, int v) {
    List<FusedDecoder.StepPlan> plans = new ArrayList<>();
    for (int stream : running) {
      int[] text = texts[stream];
      int length = Math.min(steps, text.length - done[stream]);
      int last = done[stream] == 0 ? stream % v : text[done[stream] - 1];
      int[] forced = StepPlanFixtures.forced(stream, v);
      int from = Math.min(done[stream], forced.length);
      int position = done[stream] - from;
      int[] now = Arrays.copyOfRange(forced, from, Math.min(from + length, forced.length));
      plans.add(StepPlanFixtures.plan(stream, last, position, now, length));
    }
    streams.launch(plans, steps);
    int[][] ids = streams.finish().ids();
    for (int slot = 0; slot < ids.length; slot++) {
      int stream = running.get(slot);
      System.arraycopy(ids[slot], 0, texts[stream], done[stream], ids[slot].length);
      done[stream] += ids[slot].length;
    }
  }
}
