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
import folio.inference.models.CheckpointWatcher;
import folio.inference.models.ModelLoader;
import folio.inference.models.ResidentModels;
import folio.inference.observability.EngineMetrics;
import folio.model.checkpoint.CheckpointStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jboss.logging.Logger;

/** Wires the rooms, starts them, drains them and closes them. */
@Singleton
public class EngineLifecycle {
  private static final Logger LOG = Logger.getLogger(EngineLifecycle.class);

  /** Of the watcher, when the process is to end. */
  private static final Duration LONGEST_TURN = Duration.ofSeconds(10);

  private final InferenceConfig config;
  private final CheckpointStore store;
  private final Device device;
  private final EngineMetrics metrics;
  private final ResidentModels models = new ResidentModels();
  private final InferenceEngine engine;
  private CheckpointWatcher watcher;
  private Thread watching;

  /** Wires; nothing runs yet. */
  EngineLifecycle(InferenceConfig config, MeterRegistry registry) {
    ConfigRanges.check(config);
    this.config = config;
    this.store = open(config.checkpoints());
    this.device = device();
    this.metrics = new EngineMetrics(registry);
    this.engine =
        new InferenceEngine(
            new InferenceEngine.Settings(
                config.slots(),
                WorkerSettings.on(device, config.threads()),
                config.queue().capacity(),
                config.queue().timeout()),
            models,
            metrics);
    metrics.observe(engine);
  }

  private static CheckpointStore open(String address) {
    try {
      return CheckpointStore.at(address, System.getenv());
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException("folio.checkpoints: " + e.getMessage(), e);
    }
  }

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
  ResidentModels models() {
    return models;
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

  void start(@Observes StartupEvent event) {
    watcher = new CheckpointWatcher(store, loader()::load, models, metrics);
    engine.start();
    if (LaunchMode.current() == LaunchMode.NORMAL) {
      CleanExit.onSignals();
    }
    watching = new Thread(() -> watcher.run(config.pollInterval()), "checkpoint-watcher");
    watching.setDaemon(true);
    watching.start();
  }

  private ModelLoader loader() {
    boolean auto = config.decoder() == DecoderChoice.AUTO;
    return new ModelLoader(
        device, auto ? FusedDecoders::load : FusedDecoderFactory.Loader.NONE, config.slots());
  }

  private Device device() {
    // The engine has threads of its own; libtorch's would wait for each other by spinning.
    System.setProperty("ai.djl.pytorch.num_threads", "1");
    int gpus = Engine.getInstance().getGpuCount();
    if (config.device() == DeviceChoice.CUDA && gpus == 0) {
      throw new ConfigurationException(
          "folio.device is cuda, but the engine sees no GPU; legal here: cpu, auto");
    }
    return config.device() == DeviceChoice.CPU || gpus == 0 ? Device.cpu() : Device.gpu();
  }

  /** While the server still answers: running streams finish, new requests are refused. */
  void drain(@Observes ShutdownDelayInitiatedEvent event) {
    LOG.infof("draining %d running and %d waiting", engine.running(), engine.waiting());
    boolean drained = engine.drain(config.drainTimeout());
    LOG.info(drained ? "drained" : "time is up: ending what still runs");
    if (!drained) {
      engine.close();
    }
  }

  void stop(@Observes ShutdownEvent event) throws InterruptedException {
    if (watcher != null) {
      watcher.close();
      // It may hold a model that nobody has taken, or be waiting for a bucket that does not answer.
      watching.join(LONGEST_TURN.toMillis());
      engine.close();
    }
  }
}
