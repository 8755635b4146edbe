package folio.inference;

import ai.djl.Device;
import ai.djl.engine.Engine;
import folio.inference.InferenceConfig.DecoderChoice;
import folio.inference.InferenceConfig.DeviceChoice;
import folio.inference.engine.InferenceEngine;
import folio.inference.engine.WorkerSettings;
import folio.inference.fused.FusedDecoderFactory;
import folio.inference.fused.FusedDecoders;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.MemoryBudget;
import folio.inference.models.CheckpointWatcher;
import folio.inference.models.ModelLoader;
import folio.inference.models.ResidentModels;
import folio.inference.observability.EngineMetrics;
import folio.model.checkpoint.CheckpointStore;
import folio.model.run.RunStore;
import folio.runtime.engine.EngineLoadException;
import folio.runtime.engine.EngineLoader;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jboss.logging.Logger;

/**
 * The life of the service: creates the checkpoint store, the watcher, the engine and the metrics
 * from the settings, joins them, and starts, drains and closes them.
 *
 * <pre>
 * store → watcher → loader → models → engine → metrics
 * </pre>
 */
@Singleton
public class EngineLifecycle {
  private static final Logger LOG = Logger.getLogger(EngineLifecycle.class);

  /** By default, clients may occupy one of this many parts of the heap. */
  private static final int HEAP_PARTS = 4;

  /** The longest time that shutdown waits for the watcher, which may be reading a bucket. */
  private static final Duration WATCHER_STOP_TIMEOUT = Duration.ofSeconds(10);

  private final InferenceConfig config;
  private final EngineMetrics metrics;
  private final CheckpointStore store;
  private final RunStore runs;
  private final ModelLoader loader;
  private final ResidentModels models;
  private final MemoryBudget clientMemory;
  private final InferenceEngine engine;
  private final CheckpointWatcher watcher;
  private Thread watcherThread;

  /** Creates and joins all parts; no thread runs yet. */
  EngineLifecycle(InferenceConfig config, MeterRegistry registry) {
    MisspeltSettings.find(System.getenv().keySet())
        .forEach(
            (variable, nearest) ->
                LOG.warnf("Unknown setting variable=%s nearest=%s", variable, nearest));
    ConfigRanges.check(config);
    this.config = config;
    store = openStore(config.checkpoints());
    runs = openRuns(config.runs().orElse(config.checkpoints()));
    Device device = chooseDevice(config.device());
    metrics = new EngineMetrics(registry);
    loader = new ModelLoader(device, fusedDecoders(config.decoder()), config.slots());
    models = new ResidentModels();
    clientMemory = clientMemory(config.limits());
    engine = new InferenceEngine(engineSettings(config, device, clientMemory), models, metrics);
    metrics.observe(engine);
    metrics.observe(clientMemory);
    watcher = new CheckpointWatcher(store, loader::load, models, metrics);
  }

  /** Starts the engine's workers and the watcher; the first model is loaded in the background. */
  void start(@Observes StartupEvent event) {
    engine.start();
    if (LaunchMode.current() == LaunchMode.NORMAL) {
      CleanExit.install();
    }
    watcherThread = new Thread(() -> watcher.run(config.pollInterval()), "checkpoint-watcher");
    watcherThread.setDaemon(true);
    watcherThread.start();
  }

  /**
   * Rejects new requests and waits until the accepted ones have finished; those that run at the
   * drain timeout end with an error. The HTTP server still answers meanwhile.
   */
  void drain(@Observes ShutdownDelayInitiatedEvent event) {
    engine.prepareToStop();
    LOG.infof("Draining running=%d waiting=%d", engine.running(), engine.waiting());
    if (engine.drain(config.drainTimeout())) {
      LOG.info("Drained");
    } else {
      LOG.infof("Drain timeout reached, requests stopped running=%d", engine.running());
      engine.close();
    }
  }

  /** Stops the watcher, then closes the engine and the models. */
  void stop(@Observes ShutdownEvent event) throws InterruptedException {
    if (watcherThread == null) {
      return; // the service did not start
    }
    watcher.close();
    // The watcher may own a model that the engine has not taken, which it closes itself.
    watcherThread.join(WATCHER_STOP_TIMEOUT.toMillis());
    engine.close();
  }

  private static Device chooseDevice(DeviceChoice choice) {
    // The engine has a thread per worker. libtorch's own threads would wait for each other by
    // spinning. Must be set before DJL's engine is created.
    System.setProperty("ai.djl.pytorch.num_threads", "1");
    int gpus = loadEngine().getGpuCount();
    if (choice == DeviceChoice.CUDA && gpus == 0) {
      throw new ConfigurationException(
          "folio.device is cuda, but the engine sees no GPU; it must be cpu or auto here");
    }
    return choice == DeviceChoice.CPU || gpus == 0 ? Device.cpu() : Device.gpu();
  }

  private static Engine loadEngine() {
    try {
      return EngineLoader.load();
    } catch (EngineLoadException e) {
      // Without a cause, Quarkus prints the message alone.
      throw new ConfigurationException(e.getMessage());
    }
  }

  private static RunStore openRuns(String address) {
    try {
      return RunStore.at(address, System.getenv());
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException("folio.runs: " + e.getMessage());
    }
  }

  private static CheckpointStore openStore(String address) {
    try {
      return CheckpointStore.at(address, System.getenv());
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException("folio.checkpoints: " + e.getMessage());
    }
  }

  private static FusedDecoderFactory.Loader fusedDecoders(DecoderChoice choice) {
    return choice == DecoderChoice.AUTO ? FusedDecoders::load : FusedDecoderFactory.Loader.NONE;
  }

  private static MemoryBudget clientMemory(InferenceConfig.Limits limits) {
    long defaultBytes = Runtime.getRuntime().maxMemory() / HEAP_PARTS;
    return new MemoryBudget(
        limits.clientMemory().map(MemorySize::asLongValue).orElse(defaultBytes));
  }

  private static InferenceEngine.Settings engineSettings(
      InferenceConfig config, Device device, MemoryBudget clientMemory) {
    return new InferenceEngine.Settings(
        config.slots(),
        config.limits().clientSlots() == 0
            ? config.slots()
            : Math.min(config.slots(), config.limits().clientSlots()),
        WorkerSettings.on(device, config.threads()),
        config.queue().capacity(),
        config.queue().timeout(),
        clientMemory);
  }

  // The parts that the HTTP resources inject.

  @Produces
  @Singleton
  InferenceEngine engine() {
    return engine;
  }

  @Produces
  @Singleton
  CheckpointStore store() {
    return store;
  }

  @Produces
  @Singleton
  RunStore runs() {
    return runs;
  }

  @Produces
  @Singleton
  CheckpointWatcher watcher() {
    return watcher;
  }

  @Produces
  @Singleton
  ResidentModels models() {
    return models;
  }

  @Produces
  @Singleton
  MemoryBudget clientMemory() {
    return clientMemory;
  }

  @Produces
  @Singleton
  GenerationLimits limits() {
    return new GenerationLimits(config.limits().maxTokens(), config.limits().promptTokens());
  }

  @Produces
  @Singleton
  RandomGenerator seeds() {
    return new SecureRandom();
  }
}
