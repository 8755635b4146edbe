package folio.inference.doctor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.LibUtils;
import folio.inference.fused.FusedDecoders;
import folio.inference.models.LoadedModel;
import folio.inference.models.ModelLoader;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointStore;
import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.Nvrtc;
import folio.runtime.engine.EngineLoadException;
import folio.runtime.engine.EngineLoader;
import folio.runtime.torchscript.TorchScript;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** The part of the report that needs libtorch: engine, GPU, compiler and decoder. */
final class EngineReport {
  /** The default of {@code folio.slots}. */
  private static final int SLOTS = 64;

  private final Report report;
  private final Map<String, String> environment;

  EngineReport(Report report, Map<String, String> environment) {
    this.report = report;
    this.environment = environment;
  }

  /** Adds all findings; only the driver's if libtorch cannot be loaded. */
  void add() {
    OptionalInt driver = CudaDevice.driverVersion();
    report.found(
        "Driver",
        driver.isPresent()
            ? "CUDA " + version(driver.getAsInt())
            : "none: NVIDIA's libcuda.so.1 was not found, or does not work");
    Engine engine;
    try {
      engine = EngineLoader.load();
    } catch (EngineLoadException e) {
      report.missing("libtorch", "cannot be loaded", e.getMessage());
      return;
    }
    Path libraries = Path.of(LibUtils.getLibtorchPath());
    boolean cuda = Nvrtc.isCudaLoaded();
    report.found(
        "libtorch",
        LibUtils.getVersion() + (cuda ? " with CUDA" : " for CPUs") + ", from " + libraries);
    report.found(
        "Products",
        switch (TorchScript.products()) {
          case ONEDNN -> "oneDNN";
          case PORTABLE -> "portable, since libtorch has no oneDNN";
        });
    boolean cpu = "cpu".equals(environment.get("FOLIO_DEVICE"));
    int gpus = cpu ? 0 : engine.getGpuCount();
    if (cpu) {
      report.found("GPU", "not used: FOLIO_DEVICE is cpu");
    } else {
      report.section("GPU", () -> addGpus(gpus, driver.isPresent(), cuda));
    }
    report.section("NVRTC", () -> addCudaLibraries(cuda));
    report.section("Decoder", () -> addDecoder(gpus == 0 ? Device.cpu() : Device.gpu()));
  }

  private static String version(int cuda) {
    return cuda / 1000 + "." + cuda % 1000 / 10;
  }

  private void addGpus(int gpus, boolean driver, boolean cuda) {
    if (gpus > 0) {
      for (int i = 0; i < gpus; i++) {
        CudaDevice gpu = CudaDevice.of(Device.gpu(i));
        report.found(
            "GPU " + i,
            String.format(
                "compute capability %d.%d, %d multiprocessors",
                gpu.architecture() / 10, gpu.architecture() % 10, gpu.multiprocessors()));
      }
    } else if (!driver) {
      report.found("GPU", "none");
    } else if (!cuda) {
      report.missing(
          "GPU",
          "not used",
          "libtorch is for CPUs; build with mvn -DskipTests -Dcuda package, or set FOLIO_TORCH");
    } else {
      report.missing(
          "GPU", "not found", "check that nvidia-smi lists a GPU for this user or container");
    }
  }

  private void addCudaLibraries(boolean cuda) {
    if (!cuda) {
      report.found("NVRTC", "not needed: libtorch is for CPUs");
      return;
    }
    CudaDevice.runtimeLibrary()
        .ifPresentOrElse(
            file -> report.found("CUDA runtime", file.toString()),
            () ->
                report.missing(
                    "CUDA runtime",
                    "not found, so the engine finds no GPU",
                    "put a folder with libcudart.so into LD_LIBRARY_PATH"));
    try {
      Path file = Nvrtc.fileOfThisProcess();
      List<Integer> architectures = Nvrtc.at(file).architectures();
      report.found(
          "NVRTC",
          file
              + ", for sm_"
              + architectures.get(0)
              + " to sm_"
              + architectures.get(architectures.size() - 1));
    } catch (CudaException e) {
      report.missing(
          "NVRTC", "not found", e.getMessage() + "; without it, libtorch decodes on a GPU");
    }
  }

  /** Loads the current checkpoint as the service does, with its canary. */
  private void addDecoder(Device device) {
    List<String> reasons = new ArrayList<>();
    Handler handler = recorder(reasons);
    Logger log = Logger.getLogger("folio.inference");
    log.addHandler(handler);
    log.setUseParentHandlers(false);
    try (LoadedModel model =
        new ModelLoader(device, FusedDecoders::load, SLOTS).load(currentCheckpoint())) {
      String decoder =
          model
              .fused()
              .map(fused -> "the persistent kernel, " + fused.slots() + " streams per launch")
              .orElse("libtorch, on " + (device.isGpu() ? "the GPU" : "the CPU"));
      report.found("Decoder", decoder + "; it loaded checkpoint " + model.version());
      reasons.forEach(reason -> report.found("", reason));
    } catch (CheckpointException | UncheckedIOException | IllegalArgumentException e) {
      report.missing("Checkpoint", "cannot be loaded", e.getMessage());
    } finally {
      log.removeHandler(handler);
    }
  }

  private Checkpoint currentCheckpoint() {
    CheckpointStore store =
        CheckpointStore.at(
            environment.getOrDefault("FOLIO_CHECKPOINTS", "checkpoints"), environment);
    return store.current().map(store::open).orElseGet(Checkpoint::embedded);
  }

  /** Returns a handler that keeps the messages of log records. */
  private static Handler recorder(List<String> messages) {
    return new Handler() {
      private final SimpleFormatter formatter = new SimpleFormatter();

      @Override
      public void publish(LogRecord record) {
        messages.add(formatter.formatMessage(record));
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }
}
