package folio.trainer.batch;

import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/**
 * A response after which the request may be sent again.
 *
 * @param reason what the service did, for an error
 * @param pause the time to wait before the request is sent again
 */
record RetryableResponse(String reason, Duration pause) {
  /** Returns a response as a retryable one, or null if it is final. */
  static RetryableResponse of(HttpResponse<?> response, Duration defaultPause) {
    return switch (response.statusCode()) {
      case 429, 502, 503, 504 ->
          new RetryableResponse(
              "answered " + response.statusCode(),
              response
                  .headers()
                  .firstValue("Retry-After")
                  .map(RetryableResponse::parse)
                  .orElse(defaultPause));
      default -> null;
    };
  }

  /** Returns the time in a header {@code Retry-After}, which is in seconds or a date. */
  private static Duration parse(String value) {
    if (value.matches("\\d{1,6}")) {
      return Duration.ofSeconds(Math.max(1, Long.parseLong(value)));
    }
    try {
      Instant date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration left = Duration.between(Instant.now(), date);
      return left.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : left;
    } catch (DateTimeException e) {
      return Duration.ofSeconds(1);
    }
  }
}
