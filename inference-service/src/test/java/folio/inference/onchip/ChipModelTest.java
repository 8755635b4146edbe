package folio.inference.onchip;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import folio.model.cuda.CudaDevice;
import folio.model.cuda.CudaException;
import folio.model.cuda.FakeDriver;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes on the chip, and that everything else is decoded by libtorch, for a reason. */
class ChipModelTest {
  private static final int PLACES = 16;
  private static final int LAUNCH_BYTES = 136;
  private static final int CONTROL = 104;
  private static final CudaDevice HOPPER = new CudaDevice(90, 132, 232_448, true, 13_000);

  @TempDir Path folder;
  private final NDManager manager = NDManager.newBaseManager();
  private final Logger logger = Logger.getLogger(ChipModel.class.getName());
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
        LAUNCH_BYTES);
  }

  private CharGru network(int hidden) {
    CharGruConfig config = CharGruConfig.residual(40, 32, hidden, 2);
    return CharGru.initialize(manager, config, new SplittableRandom(3));
  }

  private KernelCache kernels() {
    return new KernelCache(folder, (source, name, architecture, definitions) -> new byte[] {1});
  }

  private void assertLeftToLibtorch(FakeDriver driver, Optional<Chip> made, String why) {
    assertThat(made).isEmpty();
    assertThat(told).singleElement().asString().contains("decoded by libtorch").contains(why);
    assertThat(driver.allocations()).isZero();
    assertThat(driver.modules()).isZero();
  }

  @Test
  void whatFitsIsTriedOutBeforeAnybodyReliesOnIt() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      try (Chip chip = ChipModel.of(manager, network, PLACES, kernels()).orElseThrow()) {
        assertThat(chip.places()).isEqualTo(PLACES);
        assertThat(launched).containsExactly("decodeFew", "decodeMany");
        assertThat(told).isEmpty();
      }
      assertThat(driver.allocations()).isZero();
      assertThat(driver.modules()).isZero();
    }
  }

  @Test
  void aGpuThatIsTooOldHasNone() {
    CudaDevice turing = new CudaDevice(75, 72, 65_536, true, 13_000);
    try (FakeDriver driver = driver(turing);
        CharGru network = network(64)) {
      assertLeftToLibtorch(
          driver,
          ChipModel.of(manager, network, PLACES, kernels()),
          "architecture is 75; what is needed is 80 or more");
    }
  }

  @Test
  void aNetworkThatDoesNotFitHasNone() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(100)) {
      assertLeftToLibtorch(
          driver,
          ChipModel.of(manager, network, PLACES, kernels()),
          "hidden_size 100 is no multiple of 64");
    }
  }

  @Test
  void aWeightThatIsTooLargeForFloat16HasNone() {
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      network.weights().layers().get(1).get(0).muli(1e9f);
      assertLeftToLibtorch(
          driver, ChipModel.of(manager, network, PLACES, kernels()), "too large for float16");
    }
  }

  @Test
  void withoutTheCompilersLibraryThereIsNone() {
    KernelCache missing =
        new KernelCache(
            folder,
            (source, name, architecture, definitions) -> {
              throw new CudaException("libnvrtc is not there");
            });
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      assertLeftToLibtorch(
          driver, ChipModel.of(manager, network, PLACES, missing), "libnvrtc is not there");
    }
  }

  @Test
  void withoutMemoryThereIsNone() {
    try (CharGru network = network(64)) {
      for (int before = 0; before < 10; before++) {
        told.clear();
        try (FakeDriver driver = driver(HOPPER)) {
          driver.fail("cuMemAlloc_v2", before); // of the model five, of those who try it out five
          assertLeftToLibtorch(
              driver,
              ChipModel.of(manager, network, PLACES, kernels()),
              "CUDA_ERROR_OUT_OF_MEMORY");
        }
      }
    }
  }

  @Test
  void whereBlocksDoNotFitAtOnceThereIsNone() {
    for (int before = 0; before < 2; before++) {
      told.clear();
      try (FakeDriver driver = driver(HOPPER);
          CharGru network = network(64)) {
        driver.fail("cuLaunchCooperativeKernel", before);
        assertLeftToLibtorch(
            driver,
            ChipModel.of(manager, network, PLACES, kernels()),
            "cuLaunchCooperativeKernel answers");
      }
    }
  }

  /** As where the driver is older than the function, or the host has no memory. */
  @Test
  void whereTheLaunchCannotEvenBeCalledThereIsNone() {
    launching =
        () -> {
          throw new UnsatisfiedLinkError("there is no such function");
        };
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      assertLeftToLibtorch(
          driver, ChipModel.of(manager, network, PLACES, kernels()), "there is no such function");
    }
  }

  @Test
  void whereTheKernelDoesNotComeBackThereIsNone() {
    comesBack = false;
    try (FakeDriver driver = driver(HOPPER);
        CharGru network = network(64)) {
      assertLeftToLibtorch(
          driver,
          ChipModel.of(manager, network, PLACES, kernels()),
          "the kernel did not come to its end");
    }
  }
}
