package folio.inference.auth;

import java.time.Duration;

/**
 * What a client has left: a bucket of tokens that fills up again, and places. Safe for any thread.
 */
final class RateLimiter {
  private static final double NANOS = 1e9;

  private double perSecond;
  private int places;
  private double tokens;
  private long countedNanos;
  private int taken;

  /** What may be done, from now on. */
  RateLimiter(ApiKey key, long nowNanos) {
    this.countedNanos = nowNanos;
    limit(key);
    this.tokens = most();
  }

  /** Goes on with other limits: who waits already is not let in by a new file, nor forgotten. */
  synchronized void limit(ApiKey key) {
    perSecond = key.requestsPerSecond();
    places = key.concurrentRequests();
    tokens = Math.min(tokens, most());
  }

  private double most() {
    return Math.max(1, perSecond);
  }

  /** What {@link #take} comes to. */
  enum Answer {
    /** It is taken, to be given back. */
    TAKEN,
    /** As many requests are answered at the moment as may. */
    TOO_MANY,
    /** There were as many lately as may. */
    TOO_OFTEN
  }

  /** Takes a place and a token, or neither. */
  synchronized Answer take(long nowNanos) {
    tokens = Math.min(most(), tokens + (nowNanos - countedNanos) / NANOS * perSecond);
    countedNanos = nowNanos;
    if (places > 0 && taken >= places) {
      return Answer.TOO_MANY;
    }
    if (perSecond > 0 && tokens < 1) {
      return Answer.TOO_OFTEN;
    }
    tokens -= perSecond > 0 ? 1 : 0;
    taken++;
    return Answer.TAKEN;
  }

  /** When there will be a token again, if nobody takes it. */
  synchronized Duration untilToken() {
    return Duration.ofNanos((long) Math.ceil(Math.max(0, 1 - tokens) / perSecond * NANOS));
  }

  /** Gives a place back. */
  synchronized void giveBack() {
    taken--;
  }
}
