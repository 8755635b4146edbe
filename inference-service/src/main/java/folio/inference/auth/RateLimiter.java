package folio.inference.auth;

import java.time.Duration;

/**
 * The limits of one client: a token bucket for its request rate, and a counter of its requests in
 * progress. Safe for any thread.
 */
final class RateLimiter {
  private static final double NANOS_PER_SECOND = 1e9;

  /** The rate at which the bucket is refilled; 0: no limit. */
  private double requestsPerSecond;

  /** The largest number of requests in progress; 0: no limit. */
  private int maxConcurrent;

  private double tokens;
  private long refilledNanos;
  private int active;

  /** Creates the limits of a key with a full bucket. */
  RateLimiter(ApiKey key, long nowNanos) {
    this.refilledNanos = nowNanos;
    setLimits(key);
    this.tokens = capacity();
  }

  /** Replaces the limits. Requests in progress stay counted, and the bucket gains no token. */
  synchronized void setLimits(ApiKey key) {
    requestsPerSecond = key.requestsPerSecond();
    maxConcurrent = key.concurrentRequests();
    tokens = Math.min(tokens, capacity());
  }

  /** Returns the size of the bucket: the requests of one second, at least one. */
  private double capacity() {
    return Math.max(1, requestsPerSecond);
  }

  /** The result of {@link #tryAcquire}. */
  enum Decision {
    /** The request is within both limits; its end must be reported to {@link #release}. */
    ACQUIRED,
    /** The client's largest number of requests is in progress. */
    CONCURRENCY_EXCEEDED,
    /** The bucket is empty. */
    RATE_EXCEEDED
  }

  /** Takes a token and counts a request in progress, or changes neither. */
  synchronized Decision tryAcquire(long nowNanos) {
    double refill = (nowNanos - refilledNanos) / NANOS_PER_SECOND * requestsPerSecond;
    tokens = Math.min(capacity(), tokens + refill);
    refilledNanos = nowNanos;
    if (maxConcurrent > 0 && active >= maxConcurrent) {
      return Decision.CONCURRENCY_EXCEEDED;
    }
    if (requestsPerSecond > 0 && tokens < 1) {
      return Decision.RATE_EXCEEDED;
    }
    tokens -= requestsPerSecond > 0 ? 1 : 0;
    active++;
    return Decision.ACQUIRED;
  }

  /** Returns the time until the bucket has a token again, if no request takes it before. */
  synchronized Duration untilToken() {
    double seconds = Math.max(0, 1 - tokens) / requestsPerSecond;
    return Duration.ofNanos((long) Math.ceil(seconds * NANOS_PER_SECOND));
  }

  /** Ends a request in progress. */
  synchronized void release() {
    active--;
  }
}
