package folio.inference;

import folio.model.storage.LocaleCharset;
import io.quarkus.runtime.configuration.ConfigurationException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Optional;

/** The legal ranges of the settings. */
final class ConfigRanges {
  private static final Duration MIN_POLL_INTERVAL = Duration.ofMillis(10);
  private static final Duration MIN_CONNECTION_TIMEOUT = Duration.ofMillis(100);
  private static final Duration ONE_SECOND = Duration.ofSeconds(1);
  private static final Duration MAX_DURATION = Duration.ofDays(1);
  private static final Duration MAX_STATE_LIFETIME = Duration.ofDays(365);
  private static final int MIN_SECRET_LENGTH = 16;
  private static final int MAX_SECRET_LENGTH = 1024;
  private static final BigInteger MAX_BODY_SIZE = BigInteger.valueOf(1L << 30);
  private static final BigInteger MIN_CLIENT_MEMORY = BigInteger.valueOf(1L << 20);
  private static final BigInteger MAX_CLIENT_MEMORY = BigInteger.valueOf(1L << 40);

  private ConfigRanges() {}

  /**
   * Checks every setting.
   *
   * @throws ConfigurationException if a setting is out of its range, or cannot be read in this
   *     locale; the message names the first such setting, its value and the range. The service does
   *     not start then
   */
  static void check(InferenceConfig config) {
    LocaleCharset.findUnreadable(LocaleCharset.environment())
        .ifPresent(
            message -> {
              throw new ConfigurationException(message);
            });
    check("folio.threads", config.threads(), 0, 4096);
    check("folio.slots", config.slots(), 1, 65_536);
    check("folio.queue.capacity", config.queue().capacity(), 0, 1_000_000);
    check("folio.queue.timeout", config.queue().timeout(), Duration.ZERO, MAX_DURATION);
    check("folio.poll-interval", config.pollInterval(), MIN_POLL_INTERVAL, MAX_DURATION);
    check("folio.turn-timeout", config.iterationTimeout(), ONE_SECOND, MAX_DURATION);
    check("folio.drain-timeout", config.drainTimeout(), Duration.ZERO, MAX_DURATION);
    check("folio.admin.port", config.admin().port(), 0, 65_535);
    checkSecret("folio.admin.token", config.admin().token());
    check(config.limits());
    check(config.state());
  }

  private static void check(InferenceConfig.Limits limits) {
    check("folio.limits.max-tokens", limits.maxTokens(), 1, 100_000_000);
    check("folio.limits.prompt-tokens", limits.promptTokens(), 1, 100_000_000);
    check("folio.limits.client-slots", limits.clientSlots(), 0, 65_536);
    check("folio.limits.connections", limits.connections(), 1, 1_000_000);
    check(
        "folio.limits.body-size", limits.bodySize().asBigInteger(), BigInteger.ONE, MAX_BODY_SIZE);
    limits
        .clientMemory()
        .ifPresent(
            size ->
                check(
                    "folio.limits.client-memory",
                    size.asBigInteger(),
                    MIN_CLIENT_MEMORY,
                    MAX_CLIENT_MEMORY));
    check(
        "folio.limits.request-timeout",
        limits.requestTimeout(),
        MIN_CONNECTION_TIMEOUT,
        MAX_DURATION);
    check("folio.limits.idle-timeout", limits.idleTimeout(), MIN_CONNECTION_TIMEOUT, MAX_DURATION);
  }

  private static void check(InferenceConfig.State state) {
    check("folio.state.lifetime", state.lifetime(), ONE_SECOND, MAX_STATE_LIFETIME);
    checkSecret("folio.state.key", state.key());
  }

  /** Checks the length of a secret, which itself must not appear in a message. */
  private static void checkSecret(String setting, Optional<String> secret) {
    secret.ifPresent(
        text ->
            check("the length of " + setting, text.length(), MIN_SECRET_LENGTH, MAX_SECRET_LENGTH));
  }

  private static <T extends Comparable<T>> void check(
      String setting, T value, T lowest, T highest) {
    if (value.compareTo(lowest) < 0 || value.compareTo(highest) > 0) {
      throw new ConfigurationException(
          setting + " is " + value + "; it must be " + lowest + " to " + highest);
    }
  }
}
