package folio.inference.auth;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A client as the key file describes it. The file holds a digest; only the client has the key.
 *
 * @param name the client's name in logs and metrics
 * @param sha256 the SHA-256 of the key, 64 hexadecimal digits
 * @param requestsPerSecond the largest average rate; a burst may have the requests of one second,
 *     at least one; 0: no limit
 * @param concurrentRequests the largest number of requests in progress; 0: no limit
 */
public record ApiKey(
    @JsonProperty(required = true) String name,
    @JsonProperty(required = true) String sha256,
    @JsonProperty("requests_per_second") double requestsPerSecond,
    @JsonProperty("concurrent_requests") int concurrentRequests) {
  private static final int DIGITS = 64;
  private static final String NAME = "[A-Za-z0-9._-]{1,64}";

  /**
   * Checks every field.
   *
   * @throws IllegalArgumentException if a field is out of its range; the message names the field,
   *     its value (never a digest) and the range
   */
  public ApiKey {
    if (!name.matches(NAME)) {
      throw new IllegalArgumentException(
          "name is " + name + "; it must be 1 to 64 letters, digits, dots, dashes and underscores");
    }
    if (!sha256.matches("[0-9a-fA-F]{" + DIGITS + "}")) {
      throw new IllegalArgumentException(
          "sha256 of " + name + " is not a digest; it must be " + DIGITS + " hexadecimal digits");
    }
    if (!(requestsPerSecond >= 0 && requestsPerSecond <= 1e6)) {
      throw new IllegalArgumentException(
          "requests_per_second of "
              + name
              + " is "
              + requestsPerSecond
              + "; it must be 0 (no limit) to 1000000");
    }
    if (concurrentRequests < 0) {
      throw new IllegalArgumentException(
          "concurrent_requests of "
              + name
              + " is "
              + concurrentRequests
              + "; it must be 0 (no limit) or more");
    }
  }

  /** Returns the digest as ASCII digits in lower case. */
  byte[] digest() {
    return sha256.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
  }
}
