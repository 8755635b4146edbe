package folio.inference.auth;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A client, as the file of keys tells of it. The key itself is known to the client alone.
 *
 * @param name as the client is called in logs and metrics
 * @param sha256 of the key, 64 hexadecimal digits
 * @param requestsPerSecond on average, in bursts of as many as one second allows, at least one; 0:
 *     any number
 * @param concurrentRequests most that are answered at the same time; 0: any number
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
   * @throws IllegalArgumentException naming the field, its value (never a digest) and the range
   */
  public ApiKey {
    if (!name.matches(NAME)) {
      throw new IllegalArgumentException(
          "name is " + name + "; legal are 1 to 64 letters, digits, dots, dashes and underscores");
    }
    if (!sha256.matches("[0-9a-fA-F]{" + DIGITS + "}")) {
      throw new IllegalArgumentException(
          "sha256 of " + name + " is not " + DIGITS + " hexadecimal digits");
    }
    if (!(requestsPerSecond >= 0 && requestsPerSecond <= 1e6)) {
      throw new IllegalArgumentException(
          "requests_per_second of "
              + name
              + " is "
              + requestsPerSecond
              + "; legal are 0 (any number) to 1000000");
    }
    if (concurrentRequests < 0) {
      throw new IllegalArgumentException(
          "concurrent_requests of "
              + name
              + " is "
              + concurrentRequests
              + "; legal are 0 (any number) and more");
    }
  }

  /** In lower case, to be compared with another digest's digits. */
  byte[] digest() {
    return sha256.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
  }
}
