package folio.inference.observability;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent.Finished;
import folio.inference.generation.Timings;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/**
 * The metrics that version 0.1.0 of OpenTelemetry's <a
 * href="https://github.com/open-telemetry/semantic-conventions-genai">semantic conventions for
 * generative AI</a> names. A generation is recorded once, at its end. The buckets of times begin at
 * microseconds: those of the conventions begin at 1 to 10 ms, longer than most steps. Safe for any
 * thread.
 */
final class GenAiMetrics {
  private static final Duration[] TOKEN_BUCKETS = Buckets.doubling(1, 20);
  private static final Duration[] REQUEST_BUCKETS = Buckets.doubling(50, 22);

  /** The bounds of the conventions. */
  private static final double[] COUNT_BUCKETS = {
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864
  };

  private static final Tags TAGS =
      Tags.of("gen_ai.operation.name", "text_completion", "gen_ai.provider.name", "folio");

  /** Prometheus treats an empty label like an absent one; every sample needs the same labels. */
  private static final String NO_ERROR = "";

  private final MeterRegistry registry;
  private final Timer duration;
  private final Timer failedDuration;
  private final Timer firstToken;
  private final Timer perToken;
  private final DistributionSummary inputTokens;
  private final DistributionSummary outputTokens;

  GenAiMetrics(MeterRegistry registry) {
    this.registry = registry;
    duration = duration(NO_ERROR);
    failedDuration = duration(FinishReason.UNDELIVERABLE);
    firstToken =
        timer("time_to_first_token", "Time from a request's arrival to its first character")
            .serviceLevelObjectives(REQUEST_BUCKETS)
            .register(registry);
    perToken =
        timer(
                "time_per_output_token",
                "Mean time between two characters of a request, after the first one")
            .serviceLevelObjectives(TOKEN_BUCKETS)
            .register(registry);
    inputTokens = tokens("input_tokens", "Prompt characters of a request");
    outputTokens = tokens("output_tokens", "Generated characters of a request");
  }

  private static Timer.Builder timer(String name, String description) {
    return Timer.builder("gen_ai.server." + name).description(description).tags(TAGS);
  }

  private Timer duration(String error) {
    return timer("request.duration", "Time from a request's arrival to its end")
        .tag("error.type", error)
        .serviceLevelObjectives(REQUEST_BUCKETS)
        .register(registry);
  }

  private DistributionSummary tokens(String name, String description) {
    return DistributionSummary.builder("gen_ai.client.inference.operation." + name)
        .description(description)
        .tags(TAGS)
        .serviceLevelObjectives(COUNT_BUCKETS)
        .register(registry);
  }

  /** Records a generation that got a slot and did not fail. */
  void finished(FinishReason reason, Finished event) {
    Timings timings = event.timings();
    int written = event.usage().completionTokens();
    (reason == FinishReason.ERROR ? failedDuration : duration).record(timings.total());
    inputTokens.record(event.usage().promptTokens());
    outputTokens.record(written);
    if (reason != FinishReason.LENGTH && reason != FinishReason.STOP) {
      return; // the other two are defined for successful requests
    }
    if (written > 0) {
      firstToken.record(timings.firstToken());
    }
    if (written > 1) {
      perToken.record(timings.total().minus(timings.firstToken()).dividedBy(written - 1));
    }
  }
}
