package folio.inference.fused;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import folio.model.kernel.KernelCache;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.FakeDriver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that a network gets fused decoders if it fits, and else a reason in the log. */
class FusedDecodersTest {
  private static final int SLOTS = 16;

  /** The offset of the control words' address in {@code struct Launch}. */
  private static final int CONTROL = 104;

  private static final KernelCache.Compiler COMPILER =
      (program, architecture, definitions) -> new byte[] {1};

  @TempDir Path folder;
  private final NDManager manager = NDManager.newBaseManager();
  private final Logger logger = Logger.getLogger(FusedDecoders.class.getName());
  private final List<String> logged = new ArrayList<>();
  private final List<String> launched = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          logged.add(line.getMessage().formatted(line.getParameters()) + line.getThrown());
        }

        @Override
        public void flush() {
          // log lines are not buffered
        }

        @Override
        public void close() {
          // no resource is open
        }
      };
  private boolean completes = true;
  private Runnable launching = () -> {};

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
  }

  @AfterEach
  void close() {
    logger.removeHandler(handler);
    manager.close();
  }

  private FakeDriver driver(CudaDevice gpu) {
    return new FakeDriver(
        gpu,
        launch -> {
          launching.run();
          launched.add(launch.function());
          launch.memory(CONTROL).setInt(4, completes ? 0 : 1);
        },
        LaunchStruct.BYTES);
  }

  private CharGru network(int hidden) {
    CharGruConfig config = CharGruConfig.residual(40, 32, hidden, 2);
    return CharGru.initialize(manager, config, new SplittableRandom(3));
  }

  private KernelCache kernels(KernelCache.Compiler compiler) {
    return new KernelCache(folder, compiler);
  }

  private Optional<FusedDecoderFactory> load(CharGru network) {
    return load(network, SLOTS);
  }

  private Optional<FusedDecoderFactory> load(CharGru network, int streams) {
    return FusedDecoders.load(
        manager, network, network.config().vocabularySize(), streams, kernels(COMPILER));
  }

  private void assertDecodedByLibtorch(
      FakeDriver driver, Optional<FusedDecoderFactory> loaded, String why) {
    assertThat(loaded).isEmpty();
    assertThat(logged).singleElement().asString().contains("decoded by libtorch").contains(why);
    assertNothingIsAllocated(driver);
  }

  private static void assertNothingIsAllocated(FakeDriver driver) {
    assertThat(driver.allocations()).isZero();
    assertThat(driver.modules()).isZero();
  }

  /** Asserts that a network that would fit is decoded by libtorch after a fault. */
  private void assertDecodedByLibtorch(CudaDevice gpu, Consumer<FakeDriver> fault, String why) {
    try (FakeDriver driver = driver(gpu);
        CharGru network = network(64)) {
      fault.accept(driver);
      assertDecodedByLibtorch(driver, load(network), why);
    }
  }

  @Test
  void launchesATrialOfANetworkThatFits() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      try (FusedDecoderFactory fused = load(network).orElseThrow()) {
        assertThat(fused.slots()).isEqualTo(SLOTS);
        assertThat(launched).containsExactly("decodeSmallBatch", "decodeLargeBatch");
        assertThat(logged).isEmpty();
      }
      assertNothingIsAllocated(driver);
    }
  }

  /** The fake kernel generates nothing, and takes no time. */
  @Test
  void triesThePipelineForManyStreams() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      try (FusedDecoderFactory fused = load(network, 100).orElseThrow()) {
        assertThat(fused.slots()).isEqualTo(128);
        assertThat(launched).contains("decodePipeline");
        assertThat(logged).isEmpty();
      }
      assertNothingIsAllocated(driver);
    }
  }

  /** The pipeline's threads would wait for registers, and no deadline would end that. */
  @Test
  void decodesWithoutAPipelineThatHasTooFewRegisters() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      driver.setRegisters(160);
      try (FusedDecoderFactory fused = load(network, 100).orElseThrow()) {
        assertThat(fused.slots()).isEqualTo(104);
        assertThat(launched).doesNotContain("decodePipeline");
        assertThat(logged).singleElement().asString().contains("160 registers; it needs 168");
      }
      assertNothingIsAllocated(driver);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void decodesWithoutAPipelineThatFails(boolean expected) {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      launching =
          () -> {
            if (driver.modules() > 1) { // the pipeline is loaded
              throw expected
                  ? new CudaException("it hangs")
                  : new IllegalStateException("it fails");
            }
          };
      try (FusedDecoderFactory fused = load(network, 100).orElseThrow()) {
        assertThat(fused.slots()).isEqualTo(104);
        assertThat(logged).singleElement().asString().contains("without the pipeline");
        assertThat(driver.modules()).isEqualTo(1);
      }
      assertNothingIsAllocated(driver);
    }
  }

  @Test
  void rejectsAGpuThatIsTooOld() {
    CudaDevice turing = new CudaDevice(75, 72, 65_536, true, 13_000);
    assertDecodedByLibtorch(turing, driver -> {}, "architecture is 75; it must be 80 or more");
  }

  @Test
  void rejectsANetworkThatDoesNotFit() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(100)) {
      assertDecodedByLibtorch(
          driver, load(network), "hidden_size is 100; it must be a multiple of 64");
    }
  }

  @Test
  void rejectsAWeightThatIsTooLargeForFloat16() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      network.weights().layers().get(1).get(0).muli(1e9f);
      assertDecodedByLibtorch(driver, load(network), "too large for float16");
    }
  }

  @Test
  void rejectsAMachineWithoutTheCompilersLibrary() {
    KernelCache missing =
        kernels(
            (program, architecture, definitions) -> {
              throw new CudaException("libnvrtc is not there");
            });
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      assertDecodedByLibtorch(
          driver,
          FusedDecoders.load(manager, network, network.config().vocabularySize(), SLOTS, missing),
          "libnvrtc is not there");
    }
  }

  /** The model allocates five times, and so do the streams of the trial. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void rejectsADeviceWithTooLittleMemory(int before) {
    assertDecodedByLibtorch(
        HOPPER, driver -> driver.fail("cuMemAlloc_v2", before), "CUDA_ERROR_OUT_OF_MEMORY");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void rejectsADeviceOnWhichTheBlocksDoNotFitAtOnce(int before) {
    assertDecodedByLibtorch(
        HOPPER,
        driver -> driver.fail("cuLaunchCooperativeKernel", before),
        "cuLaunchCooperativeKernel returned");
  }

  /** A driver may be older than the function, or the host may lack memory. */
  @Test
  void rejectsADriverWithoutTheLaunchFunction() {
    launching =
        () -> {
          throw new UnsatisfiedLinkError("there is no such function");
        };
    assertDecodedByLibtorch(HOPPER, driver -> {}, "there is no such function");
  }

  @Test
  void rejectsADeviceOnWhichTheKernelTimesOut() {
    completes = false;
    assertDecodedByLibtorch(HOPPER, driver -> {}, "the kernel timed out");
  }
}
