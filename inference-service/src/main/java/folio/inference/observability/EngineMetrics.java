package folio.inference.observability;

import folio.inference.engine.EngineListener;
import folio.inference.engine.InferenceEngine;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Rejection;
import folio.inference.models.LoadListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Turns what engine and watcher tell into Prometheus metrics with the prefix {@code folio_}. */
public final class EngineMetrics implements EngineListener, LoadListener {
  private static final Logger LOG = Logger.getLogger(EngineMetrics.class);

  private static final Duration[] STEP_BUCKETS = micros(50, 16);
  private static final Duration[] REQUEST_BUCKETS = micros(500, 18);

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
  private final Map<String, Gauge> models = new ConcurrentHashMap<>();
  private volatile double activeSince;

  /**
   * Registers what exists from the beginning, so that nothing appears only after its first event.
   */
  public EngineMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.promptTokens = counter("folio.prompt.tokens", "Characters of prompts read");
    this.generationTokens = counter("folio.generation.tokens", "Characters written");
    this.firstToken =
        timer(
            "folio.time.to.first.token",
            "From a request's arrival to its first character",
            REQUEST_BUCKETS);
    this.interToken =
        timer(
            "folio.inter.token.latency",
            "Between two characters of a stream, on a chip two launches; once a turn",
            STEP_BUCKETS);
    this.duration =
        timer(
            "folio.request.duration",
            "From a request's arrival to its last character",
            REQUEST_BUCKETS);
    this.queued = timer("folio.request.queue", "From arrival to slot", REQUEST_BUCKETS);
    this.step =
        timer(
            "folio.decode.step",
            "One character for every slot, on a chip a launch of many",
            STEP_BUCKETS);
    this.load = timer("folio.model.load", "Verify, load and canary", REQUEST_BUCKETS);
    this.batchSize =
        DistributionSummary.builder("folio.batch.size")
            .description("Slots in a step")
            .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
            .register(registry);
    for (FinishReason reason : FinishReason.values()) {
      finished(reason);
    }
    Rejection.REASONS.forEach(this::rejected);
    loads("success");
    loads("failure");
    failures();
    Gauge.builder("folio.model.active.timestamp.seconds", this, metrics -> metrics.activeSince)
        .description("When the serving model became current, in seconds since 1970")
        .register(registry);
  }

  /** Adds the gauges that ask the engine. */
  public void observe(InferenceEngine engine) {
    Gauge.builder("folio.requests.running", engine, InferenceEngine::running)
        .description("Requests that have a slot")
        .register(registry);
    Gauge.builder("folio.requests.waiting", engine, InferenceEngine::waiting)
        .description("Requests that wait for a slot")
        .register(registry);
    Gauge.builder("folio.decoder.on.chip", engine, each -> each.decodesFused() ? 1 : 0)
        .description("1 if new requests are decoded on a GPU's chip, 0 if by libtorch")
        .register(registry);
  }

  /** Doubling buckets. */
  private static Duration[] micros(long first, int count) {
    Duration[] buckets = new Duration[count];
    for (int i = 0; i < count; i++) {
      buckets[i] = Duration.ofNanos((first * 1000) << i);
    }
    return buckets;
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
    return counter("folio.requests.rejected", "Requests not run", "reason", reason);
  }

  private Counter loads(String result) {
    return counter("folio.model.loads", "Checkpoints loaded or refused", "result", result);
  }

  private Counter failures() {
    return counter("folio.engine.failures", "Turns of the decode loop that failed");
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
  }

  @Override
  public void failed(int generations, Throwable cause) {
    LOG.errorf(cause, "the engine gave up %d generations", generations);
    failures().increment();
    finished(FinishReason.ERROR).increment(generations);
  }

  @Override
  public void activated(String version) {
    LOG.infof("serving %s", version);
    activeSince = System.currentTimeMillis() / 1000.0;
    models.put(
        version,
        Gauge.builder("folio.model.info", () -> 1)
            .description("1 for every resident model that serves or retires")
            .tag("version", version)
            .register(registry));
  }

  @Override
  public void closed(String version) {
    LOG.infof("closed %s", version);
    Gauge gauge = models.remove(version);
    if (gauge != null) {
      registry.remove(gauge);
    }
  }

  @Override
  public void loaded(String version, Duration time) {
    LOG.infof("loaded %s in %d ms", version, time.toMillis());
    loads("success").increment();
    load.record(time);
  }

  @Override
  public void rejected(String version, String message) {
    LOG.errorf("refused %s: %s", version, message);
    loads("failure").increment();
  }
}
