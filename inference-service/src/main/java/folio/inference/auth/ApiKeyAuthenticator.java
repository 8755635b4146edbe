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
 * The clients that there are, by the file of keys, which is looked at again and again: a key that
 * is put in or taken out counts from then on. Safe for any thread.
 */
public final class ApiKeyAuthenticator {
  private static final Logger LOG = Logger.getLogger(ApiKeyAuthenticator.class);
  private static final String BEARER = "Bearer ";

  private record Client(ApiKey key, byte[] digest, RateLimiter allowance) {}

  private final Path file;
  private final LongSupplier nanoClock;
  private final Map<String, RateLimiter> allowances = new ConcurrentHashMap<>();
  private volatile List<Client> clients = List.of();
  private FileTime read;
  private String complaint;

  /**
   * Reads the file.
   *
   * @throws ApiKeyFileException if it cannot be used
   */
  public ApiKeyAuthenticator(Path file) {
    this(file, System::nanoTime);
  }

  /** With a clock in nanoseconds. */
  ApiKeyAuthenticator(Path file, LongSupplier nanoClock) {
    this.file = file;
    this.nanoClock = nanoClock;
    this.read = changed();
    take(ApiKeyFile.read(file));
  }

  private FileTime changed() {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  private void take(List<ApiKey> keys) {
    List<Client> next = new ArrayList<>();
    for (ApiKey key : keys) {
      RateLimiter allowance =
          allowances.computeIfAbsent(
              key.name(), name -> new RateLimiter(key, nanoClock.getAsLong()));
      allowance.limit(key);
      next.add(new Client(key, key.digest(), allowance));
    }
    clients = next;
  }

  /**
   * Reads the file again if it has changed. One that cannot be used changes nothing: the log says
   * why, and the keys of before count on.
   */
  public synchronized void refresh() {
    FileTime now = changed();
    if (now.equals(read)) {
      return;
    }
    try {
      take(ApiKeyFile.read(file));
      read = now;
      complaint = null;
      LOG.infof("%d keys are known from now on", clients.size());
    } catch (ApiKeyFileException e) {
      read = e.lasting() ? now : read;
      if (!e.getMessage().equals(complaint)) {
        complaint = e.getMessage();
        LOG.error("the keys stay what they were: " + complaint);
      }
    }
  }

  /** What a request comes to. */
  public sealed interface Outcome {
    /**
     * It may be answered.
     *
     * @param client its name
     * @param over to be run once it has been
     */
    record Admitted(String client, Runnable over) implements Outcome {}

    /** It has no key, or one that is not known. */
    record Unknown() implements Outcome {}

    /**
     * Its client has asked too often.
     *
     * @param client its name
     * @param perSecond what is allowed
     */
    record TooOften(String client, double perSecond, Duration retryAfter) implements Outcome {}

    /**
     * As many of its client's are answered as may.
     *
     * @param client its name
     * @param allowed how many
     */
    record TooMany(String client, int allowed) implements Outcome {}
  }

  /**
   * Looks at a request. How long that takes does not depend on how much of a key is right.
   *
   * @param authorization its header, {@code Bearer KEY}; null if there is none
   */
  public Outcome admit(String authorization) {
    Client client = authorization == null ? null : find(authorization);
    if (client == null) {
      return new Outcome.Unknown();
    }
    ApiKey key = client.key();
    return switch (client.allowance().take(nanoClock.getAsLong())) {
      case TAKEN -> new Outcome.Admitted(key.name(), client.allowance()::giveBack);
      case TOO_OFTEN ->
          new Outcome.TooOften(
              key.name(), key.requestsPerSecond(), client.allowance().untilToken());
      case TOO_MANY -> new Outcome.TooMany(key.name(), key.concurrentRequests());
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
        found = client; // and looks at the others, too
      }
    }
    return found;
  }

  private static byte[] digestOf(String key) {
    return Sha256.hex(key.getBytes(StandardCharsets.UTF_8)).getBytes(StandardCharsets.US_ASCII);
  }
}
