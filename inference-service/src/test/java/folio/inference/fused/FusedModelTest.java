package folio.inference.fused;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
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

/** What goes on the chip, and that everything else is decoded by libtorch, for a reason. */
class FusedModelTest {
  private static final int PLACES = 16;
  private static final int CONTROL = 104;
  private static final KernelCache.Compiler COMPILER =
      (source, name, architecture, definitions) -> new byte[] {1};

  @TempDir Path folder;
  private final NDManager manager = NDManager.newBaseManager();
  private final Logger logger = Logger.getLogger(FusedModel.class.getName());
  private final List<String> told = new ArrayList<>();
  private final List<String> launched = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          told.add(line.getMessage().formatted(line.getParameters()) + line.getThrown());
        }

        @Override
        public void flush() {
          // nothing waits
        }

        @Override
        public void close() {
          // nothing is open
        }
      };
  private boolean comesBack = true;
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
          launch.memory(CONTROL).setInt(4, comesBack ? 0 : 1);
        },
        FusedStreams.LAUNCH_BYTES);
  }

  private CharGru network(int hidden) {
    CharGruConfig config = CharGruConfig.residual(40, 32, hidden, 2);
    return CharGru.initialize(manager, config, new SplittableRandom(3));
  }

  private KernelCache kernels(KernelCache.Compiler compiler) {
    return new KernelCache(folder, compiler);
  }

  private Optional<FusedDecoderFactory> fused(CharGru network) {
    return FusedModel.of(manager, network, PLACES, kernels(COMPILER));
  }

  private void assertLeftToLibtorch(
      FakeDriver driver, Optional<FusedDecoderFactory> made, String why) {
    assertThat(made).isEmpty();
    assertThat(told).singleElement().asString().contains("decoded by libtorch").contains(why);
    assertNothingIsLeft(driver);
  }

  private static void assertNothingIsLeft(FakeDriver driver) {
    assertThat(driver.allocations()).isZero();
    assertThat(driver.modules()).isZero();
  }

  /** A network that would fit has no chip, with what goes wrong before. */
  private void assertLeftToLibtorch(CudaDevice gpu, Consumer<FakeDriver> wrong, String why) {
    try (FakeDriver driver = driver(gpu);
        CharGru network = network(64)) {
      wrong.accept(driver);
      assertLeftToLibtorch(driver, fused(network), why);
    }
  }

  @Test
  void whatFitsIsTriedOutBeforeAnybodyReliesOnIt() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      try (FusedDecoderFactory fused = fused(network).orElseThrow()) {
        assertThat(fused.slots()).isEqualTo(PLACES);
        assertThat(launched).containsExactly("decodeSmallBatch", "decodeLargeBatch");
        assertThat(told).isEmpty();
      }
      assertNothingIsLeft(driver);
    }
  }

  @Test
  void aGpuThatIsTooOldHasNone() {
    CudaDevice turing = new CudaDevice(75, 72, 65_536, true, 13_000);
    assertLeftToLibtorch(turing, driver -> {}, "architecture is 75; what is needed is 80 or more");
  }

  @Test
  void aNetworkThatDoesNotFitHasNone() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(100)) {
      assertLeftToLibtorch(driver, fused(network), "hidden_size 100 is no multiple of 64");
    }
  }

  @Test
  void aWeightThatIsTooLargeForFloat16HasNone() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      network.weights().layers().get(1).get(0).muli(1e9f);
      assertLeftToLibtorch(driver, fused(network), "too large for float16");
    }
  }

  @Test
  void withoutTheCompilersLibraryThereIsNone() {
    KernelCache missing =
        kernels(
            (source, name, architecture, definitions) -> {
              throw new CudaException("libnvrtc is not there");
            });
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      assertLeftToLibtorch(
          driver, FusedModel.of(manager, network, PLACES, missing), "libnvrtc is not there");
    }
  }

  /** Of the model there are five pieces, of the streams that try it out five. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void withoutMemoryThereIsNone(int before) {
    assertLeftToLibtorch(
        HOPPER, driver -> driver.fail("cuMemAlloc_v2", before), "CUDA_ERROR_OUT_OF_MEMORY");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whereBlocksDoNotFitAtOnceThereIsNone(int before) {
    assertLeftToLibtorch(
        HOPPER,
        driver -> driver.fail("cuLaunchCooperativeKernel", before),
        "cuLaunchCooperativeKernel returned");
  }

  /** As where the driver is older than the function, or the host has no memory. */
  @Test
  void whereTheLaunchCannotEvenBeCalledThereIsNone() {
    launching =
        () -> {
          throw new UnsatisfiedLinkError("there is no such function");
        };
    assertLeftToLibtorch(HOPPER, driver -> {}, "there is no such function");
  }

  @Test
  void whereTheKernelDoesNotComeBackThereIsNone() {
    comesBack = false;
    assertLeftToLibtorch(HOPPER, driver -> {}, "the kernel did not come to its end");
  }
}
