package folio.inference;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.math.BigInteger;
import java.time.Duration;

/** The legal ranges of the settings. */
final class ConfigRanges {
  private static final Duration NO_TIME = Duration.ZERO;
  private static final Duration SHORTEST_POLL = Duration.ofMillis(10);
  private static final Duration SHORTEST_PATIENCE = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofDays(1);
  private static final Duration LONGEST_STATE = Duration.ofDays(365);
  private static final int SHORTEST_KEY = 16;
  private static final int LONGEST_KEY = 1024;
  private static final BigInteger LARGEST_BODY = BigInteger.valueOf(1L << 30);

  private ConfigRanges() {}

  /**
   * Checks every setting.
   *
   * @throws ConfigurationException naming the first one that is out of its range, its value and the
   *     range; the service does not start then
   */
  static void check(InferenceConfig config) {
    check("folio.threads", config.threads(), 0, 4096);
    check("folio.slots", config.slots(), 1, 65_536);
    check("folio.queue.capacity", config.queue().capacity(), 0, 1_000_000);
    check("folio.limits.max-tokens", config.limits().maxTokens(), 1, 100_000_000);
    check("folio.limits.prompt-tokens", config.limits().promptTokens(), 1, 100_000_000);
    check("folio.admin.port", config.admin().port(), 0, 65_535);
    check("folio.limits.connections", config.limits().connections(), 1, 1_000_000);
    check(
        "folio.limits.body-size",
        config.limits().bodySize().asBigInteger(),
        BigInteger.ONE,
        LARGEST_BODY);
    check(
        "folio.limits.request-timeout",
        config.limits().requestTimeout(),
        SHORTEST_PATIENCE,
        LONGEST);
    check("folio.limits.idle-timeout", config.limits().idleTimeout(), SHORTEST_PATIENCE, LONGEST);
    check("folio.poll-interval", config.pollInterval(), SHORTEST_POLL, LONGEST);
    check("folio.queue.timeout", config.queue().timeout(), NO_TIME, LONGEST);
    check("folio.turn-timeout", config.turnTimeout(), Duration.ofSeconds(1), LONGEST);
    check("folio.state.lifetime", config.state().lifetime(), Duration.ofSeconds(1), LONGEST_STATE);
    config
        .state()
        .key()
        .ifPresent(
            key -> check("the length of folio.state.key", key.length(), SHORTEST_KEY, LONGEST_KEY));
    check("folio.drain-timeout", config.drainTimeout(), NO_TIME, LONGEST);
  }

  private static <T extends Comparable<T>> void check(
      String setting, T value, T lowest, T highest) {
    if (value.compareTo(lowest) < 0 || value.compareTo(highest) > 0) {
      throw new ConfigurationException(
          setting + " is " + value + "; legal are " + lowest + " to " + highest);
    }
  }
}
