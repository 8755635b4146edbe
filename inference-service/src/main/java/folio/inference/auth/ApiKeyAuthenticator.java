package folio.inference.auth;

import folio.model.storage.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * The authenticator of requests: it knows the clients of the key file and applies their limits. Its
 * owner calls {@link #refresh} regularly, so that a key which is added or removed takes effect
 * without a restart. Safe for any thread.
 */
public final class ApiKeyAuthenticator {
  private static final Logger LOG = Logger.getLogger(ApiKeyAuthenticator.class);
  private static final String BEARER = "Bearer ";

  private record Client(ApiKey key, byte[] digest, RateLimiter limiter) {}

  private final Path file;
  private final LongSupplier nanoClock;

  /** The limiters by client name. They outlive a change of the file, and so do their counts. */
  private final Map<String, RateLimiter> limiters = new ConcurrentHashMap<>();

  private volatile List<Client> clients = List.of();
  private FileTime readVersion;

  /** The last error of a refresh, so that it is logged once; null after a success. */
  private String lastError;

  /**
   * Reads the key file.
   *
   * @throws ApiKeyFileException if the file is unusable
   */
  public ApiKeyAuthenticator(Path file) {
    this(file, System::nanoTime);
  }

  /** Reads the key file; the clock returns nanoseconds. */
  ApiKeyAuthenticator(Path file, LongSupplier nanoClock) {
    this.file = file;
    this.nanoClock = nanoClock;
    this.readVersion = lastModified();
    setKeys(ApiKeyFile.read(file));
  }

  private FileTime lastModified() {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  private void setKeys(List<ApiKey> keys) {
    List<Client> next = new ArrayList<>();
    for (ApiKey key : keys) {
      RateLimiter limiter =
          limiters.computeIfAbsent(key.name(), name -> new RateLimiter(key, nanoClock.getAsLong()));
      limiter.setLimits(key);
      next.add(new Client(key, key.digest(), limiter));
    }
    clients = next;
  }

  /**
   * Reads the key file again if it has changed. If the new content is unusable, the error is logged
   * and the previous keys stay valid.
   */
  public synchronized void refresh() {
    FileTime now = lastModified();
    if (now.equals(readVersion)) {
      return;
    }
    try {
      setKeys(ApiKeyFile.read(file));
      readVersion = now;
      lastError = null;
      LOG.infof("API keys loaded keys=%d", clients.size());
    } catch (ApiKeyFileException e) {
      readVersion = e.permanent() ? now : readVersion;
      if (!e.getMessage().equals(lastError)) {
        lastError = e.getMessage();
        LOG.error("API keys not loaded, the previous keys stay valid error=" + lastError);
      }
    }
  }

  /** The result of {@link #authenticate}. */
  public sealed interface Outcome {
    /** Returns the client's name; empty if the key is unknown. */
    String client();

    /** Returns the outcome's name in metrics and problem documents. */
    String wireName();

    /** Calls the handler's method for this outcome. */
    void handle(Handler handler);

    /** A handler of outcomes. It has a method for each, so that a new outcome is not forgotten. */
    interface Handler {
      /** Answers the request. */
      void admitted(Admitted outcome);

      /** Rejects the request. */
      void unknownKey(UnknownKey outcome);

      /** Rejects the request. */
      void rateExceeded(RateExceeded outcome);

      /** Rejects the request. */
      void concurrencyExceeded(ConcurrencyExceeded outcome);
    }

    /**
     * The request may be answered.
     *
     * @param release must be run once, when the request has ended
     */
    record Admitted(String client, Runnable release) implements Outcome {
      @Override
      public String wireName() {
        return "admitted";
      }

      @Override
      public void handle(Handler handler) {
        handler.admitted(this);
      }
    }

    /** The request has no key, or an unknown one. */
    record UnknownKey() implements Outcome {
      @Override
      public String client() {
        return "";
      }

      @Override
      public String wireName() {
        return "unauthorized";
      }

      @Override
      public void handle(Handler handler) {
        handler.unknownKey(this);
      }
    }

    /**
     * The client exceeds its request rate.
     *
     * @param requestsPerSecond the client's limit
     * @param retryAfter the time until the client may send its next request
     */
    record RateExceeded(String client, double requestsPerSecond, Duration retryAfter)
        implements Outcome {
      @Override
      public String wireName() {
        return "too_often";
      }

      @Override
      public void handle(Handler handler) {
        handler.rateExceeded(this);
      }
    }

    /**
     * The client has its largest number of requests in progress.
     *
     * @param concurrentRequests the client's limit
     */
    record ConcurrencyExceeded(String client, int concurrentRequests) implements Outcome {
      @Override
      public String wireName() {
        return "too_many";
      }

      @Override
      public void handle(Handler handler) {
        handler.concurrencyExceeded(this);
      }
    }
  }

  /**
   * Authenticates a request and applies its client's limits. The time that this takes does not
   * depend on how much of a key is right.
   *
   * @param authorization the Authorization header, {@code Bearer KEY}; null if there is none
   */
  public Outcome authenticate(String authorization) {
    Client client = authorization == null ? null : find(authorization);
    if (client == null) {
      return new Outcome.UnknownKey();
    }
    ApiKey key = client.key();
    RateLimiter limiter = client.limiter();
    return switch (limiter.tryAcquire(nanoClock.getAsLong())) {
      case ACQUIRED -> new Outcome.Admitted(key.name(), limiter::release);
      case RATE_EXCEEDED ->
          new Outcome.RateExceeded(key.name(), key.requestsPerSecond(), limiter.untilToken());
      case CONCURRENCY_EXCEEDED ->
          new Outcome.ConcurrencyExceeded(key.name(), key.concurrentRequests());
    };
  }

  private Client find(String authorization) {
    if (!authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return null;
    }
    byte[] digest = digestOf(authorization.substring(BEARER.length()).strip());
    Client found = null;
    for (Client client : clients) {
      if (MessageDigest.isEqual(digest, client.digest())) {
        found = client; // no early exit: the time must not depend on the client's position
      }
    }
    return found;
  }

  private static byte[] digestOf(String key) {
    return Sha256.hex(key.getBytes(StandardCharsets.UTF_8)).getBytes(StandardCharsets.US_ASCII);
  }
}
