package folio.inference.observability;

import folio.inference.engine.EngineListener;
import folio.inference.engine.InferenceEngine;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.MemoryBudget;
import folio.inference.generation.Rejection;
import folio.inference.models.LoadListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * The service's metrics and log lines: it records the events of the engine and of the checkpoint
 * watcher in Prometheus metrics with the prefix {@code folio_}, and those of generations in {@link
 * GenAiMetrics} as well. Safe for any thread.
 */
public final class EngineMetrics implements EngineListener, LoadListener {
  private static final Logger LOG = Logger.getLogger(EngineMetrics.class);

  private static final Duration[] STEP_BUCKETS = Buckets.doubling(50, 16);
  private static final Duration[] REQUEST_BUCKETS = Buckets.doubling(500, 18);

  private final MeterRegistry registry;
  private final Counter promptTokens;
  private final Counter generationTokens;
  private final Timer firstToken;
  private final Timer interToken;
  private final Timer duration;
  private final Timer queued;
  private final Timer step;
  private final Timer load;
  private final DistributionSummary batchSize;
  private final GenAiMetrics genAi;
  private final Map<String, Gauge> models = new ConcurrentHashMap<>();
  private volatile double activeSince;

  /**
   * Registers every metric but the gauges of {@link #observe}, with each value of its labels, so
   * that a metric exists before its first event.
   */
  public EngineMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.promptTokens =
        counter("folio.prompt.tokens", "Prompt characters of the requests that got a slot");
    this.generationTokens = counter("folio.generation.tokens", "Generated characters");
    this.firstToken =
        timer(
            "folio.time.to.first.token",
            "Time from a request's arrival to its first character",
            REQUEST_BUCKETS);
    this.interToken =
        timer(
            "folio.inter.token.latency",
            "Time between two characters of a stream (persistent kernel: two launches)",
            STEP_BUCKETS);
    this.duration =
        timer(
            "folio.request.duration",
            "Time from a request's arrival to its last character",
            REQUEST_BUCKETS);
    this.queued =
        timer("folio.request.queue", "Time from a request's arrival to its slot", REQUEST_BUCKETS);
    this.step =
        timer(
            "folio.decode.step",
            "Duration of a step of all running sequences (persistent kernel: of a launch)",
            STEP_BUCKETS);
    this.load =
        timer(
            "folio.model.load",
            "Time to verify and load a checkpoint and run its canary",
            REQUEST_BUCKETS);
    this.batchSize =
        DistributionSummary.builder("folio.batch.size")
            .description("Running sequences in a step")
            .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
            .register(registry);
    this.genAi = new GenAiMetrics(registry);
    for (FinishReason reason : FinishReason.values()) {
      finished(reason);
    }
    Rejection.REASONS.forEach(this::rejected);
    loads("success");
    loads("failure");
    failures();
    Gauge.builder("folio.model.active.timestamp.seconds", this, metrics -> metrics.activeSince)
        .description("Time when the serving model became current, in seconds since 1970")
        .register(registry);
  }

  /** Registers the gauges that read the engine; called once. */
  public void observe(InferenceEngine engine) {
    Gauge.builder("folio.requests.running", engine, InferenceEngine::running)
        .description("Requests that have a slot")
        .register(registry);
    Gauge.builder("folio.requests.waiting", engine, InferenceEngine::waiting)
        .description("Requests that wait for a slot")
        .register(registry);
    Gauge.builder("folio.decoder.on.chip", engine, each -> each.decodesFused() ? 1 : 0)
        .description("1 if the persistent kernel decodes new requests, 0 if libtorch does")
        .register(registry);
  }

  /** Registers the metrics of the memory that clients occupy; called once. */
  public void observe(MemoryBudget memory) {
    Gauge.builder("folio.client.memory.bytes", memory, MemoryBudget::bytes)
        .description("Memory of incomplete request bodies and of text that clients have not read")
        .register(registry);
    Gauge.builder("folio.client.memory.max.bytes", memory, MemoryBudget::maxBytes)
        .description("The bound of folio_client_memory_bytes")
        .register(registry);
    FunctionCounter.builder("folio.client.memory.evictions", memory, MemoryBudget::evictions)
        .description("Requests that ended because clients occupied too much memory")
        .register(registry);
  }

  private Counter counter(String name, String description, String... tags) {
    return Counter.builder(name).description(description).tags(tags).register(registry);
  }

  private Timer timer(String name, String description, Duration... buckets) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(buckets)
        .register(registry);
  }

  private Counter finished(FinishReason reason) {
    return counter(
        "folio.requests", "Requests that got a slot", "finish_reason", reason.wireName());
  }

  private Counter rejected(String reason) {
    return counter("folio.requests.rejected", "Requests rejected", "reason", reason);
  }

  private Counter loads(String result) {
    return counter("folio.model.loads", "Checkpoints loaded or rejected", "result", result);
  }

  private Counter failures() {
    return counter("folio.engine.failures", "Iterations of the decode loop that failed");
  }

  @Override
  public void rejected(Rejection rejection) {
    rejected(rejection.reason()).increment();
  }

  @Override
  public void admitted(Duration time, int tokens) {
    queued.record(time);
    promptTokens.increment(tokens);
  }

  @Override
  public void firstToken(Duration sinceArrival, boolean stepped) {
    firstToken.record(sinceArrival);
    if (!stepped) {
      generationTokens.increment();
    }
  }

  @Override
  public void stepped(int slots, int characters, Duration time) {
    step.record(time);
    batchSize.record(slots);
    generationTokens.increment(characters);
  }

  @Override
  public void interToken(Duration gap) {
    interToken.record(gap);
  }

  @Override
  public void finished(FinishReason reason, GenerationEvent.Finished event) {
    finished(reason).increment();
    duration.record(event.timings().total());
    genAi.finished(reason, event);
  }

  @Override
  public void failed(int generations, Throwable cause) {
    LOG.errorf(cause, "Generations failed count=%d", generations);
    failures().increment();
    finished(FinishReason.ERROR).increment(generations);
  }

  @Override
  public void activated(String version) {
    LOG.infof("Model activated version=%s", version);
    activeSince = System.currentTimeMillis() / 1000.0;
    models.put(
        version,
        Gauge.builder("folio.model.info", () -> 1)
            .description("1 for every model that is current or retiring")
            .tag("version", version)
            .register(registry));
  }

  @Override
  public void closed(String version) {
    LOG.infof("Model closed version=%s", version);
    Gauge gauge = models.remove(version);
    if (gauge != null) {
      registry.remove(gauge);
    }
  }

  @Override
  public void loaded(String version, Duration time) {
    LOG.infof("Model loaded version=%s millis=%d", version, time.toMillis());
    loads("success").increment();
    load.record(time);
  }

  @Override
  public void rejected(String version, String message) {
    LOG.errorf("Checkpoint rejected version=%s reason=%s", version, message);
    loads("failure").increment();
  }

  @Override
  public void failed(Throwable cause) {
    LOG.error("Checkpoint watcher ended, liveness fails", cause);
  }
}
