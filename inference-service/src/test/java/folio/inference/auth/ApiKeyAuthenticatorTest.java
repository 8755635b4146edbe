package folio.inference.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import folio.inference.auth.ApiKeyAuthenticator.Outcome;
import folio.model.storage.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiKeyAuthenticatorTest {
  @TempDir Path folder;
  private Path file;
  private long nanos = 1_000;
  private int written;

  @BeforeEach
  void chooseFile() {
    file = folder.resolve("keys.json");
  }

  private static String key(String name, String key, String limits) throws Exception {
    String digest = Sha256.hex(key.getBytes(StandardCharsets.UTF_8));
    return "{\"name\": \"%s\", \"sha256\": \"%s\"%s}".formatted(name, digest, limits);
  }

  private void write(String... keys) throws IOException {
    Files.writeString(file, "[" + String.join(", ", keys) + "]");
    Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_000_000 + written++)));
  }

  private ApiKeyAuthenticator authenticator() {
    return new ApiKeyAuthenticator(file, () -> nanos);
  }

  private static Runnable assertAdmitted(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Admitted.class);
    return ((Outcome.Admitted) outcome).release();
  }

  @Test
  void admitsRequestsWithAKnownKeyOnly() throws Exception {
    write(key("ada", "one two", ""), key("ben", "three", ""));
    ApiKeyAuthenticator authenticator = authenticator();

    assertThat(authenticator.authenticate("Bearer one two"))
        .isInstanceOfSatisfying(
            Outcome.Admitted.class, it -> assertThat(it.client()).isEqualTo("ada"));
    assertThat(authenticator.authenticate("bearer three")).isInstanceOf(Outcome.Admitted.class);
    for (String header : new String[] {null, "", "Bearer", "Bearer ", "Basic three", "three"}) {
      assertThat(authenticator.authenticate(header))
          .as(header)
          .isInstanceOf(Outcome.UnknownKey.class);
    }
    assertThat(authenticator.authenticate("Bearer thre")).isInstanceOf(Outcome.UnknownKey.class);
  }

  @Test
  void allowsABurstOfOneSecondAndRefillsItsBucket() throws Exception {
    write(key("ada", "k", ", \"requests_per_second\": 2"));
    ApiKeyAuthenticator authenticator = authenticator();

    assertAdmitted(authenticator.authenticate("Bearer k")).run();
    assertAdmitted(authenticator.authenticate("Bearer k")).run();
    assertThat(authenticator.authenticate("Bearer k"))
        .isEqualTo(new Outcome.RateExceeded("ada", 2, Duration.ofMillis(500)));
    nanos += Duration.ofMillis(499).toNanos();
    assertThat(authenticator.authenticate("Bearer k")).isInstanceOf(Outcome.RateExceeded.class);
    nanos += Duration.ofMillis(2).toNanos();
    assertAdmitted(authenticator.authenticate("Bearer k")).run();
    nanos += Duration.ofHours(1).toNanos();
    assertAdmitted(authenticator.authenticate("Bearer k")).run();
    assertAdmitted(authenticator.authenticate("Bearer k")).run();
    assertThat(authenticator.authenticate("Bearer k")).isInstanceOf(Outcome.RateExceeded.class);
  }

  @Test
  void countsARequestAsActiveUntilItIsReleased() throws Exception {
    write(key("ada", "k", ", \"concurrent_requests\": 2"), key("ben", "other", ""));
    ApiKeyAuthenticator authenticator = authenticator();
    Runnable first = assertAdmitted(authenticator.authenticate("Bearer k"));
    assertAdmitted(authenticator.authenticate("Bearer k"));

    assertThat(authenticator.authenticate("Bearer k"))
        .isEqualTo(new Outcome.ConcurrencyExceeded("ada", 2));
    assertAdmitted(authenticator.authenticate("Bearer other"));
    first.run();
    assertAdmitted(authenticator.authenticate("Bearer k"));
    assertThat(authenticator.authenticate("Bearer k"))
        .isInstanceOf(Outcome.ConcurrencyExceeded.class);
  }

  @Test
  void appliesAChangedFileAndKeepsCountingActiveRequests() throws Exception {
    write(key("ada", "k", ", \"concurrent_requests\": 1"), key("ben", "gone", ""));
    ApiKeyAuthenticator authenticator = authenticator();
    assertAdmitted(authenticator.authenticate("Bearer k"));
    write(key("ada", "k2", ", \"concurrent_requests\": 2"), key("eve", "new", ""));
    authenticator.refresh();

    assertThat(authenticator.authenticate("Bearer k")).isInstanceOf(Outcome.UnknownKey.class);
    assertThat(authenticator.authenticate("Bearer gone")).isInstanceOf(Outcome.UnknownKey.class);
    assertAdmitted(authenticator.authenticate("Bearer new"));
    assertAdmitted(authenticator.authenticate("Bearer k2"));
    assertThat(authenticator.authenticate("Bearer k2"))
        .isEqualTo(new Outcome.ConcurrencyExceeded("ada", 2));
  }

  @Test
  void aChangedFileAddsNoTokens() throws Exception {
    write(key("ada", "k", ", \"requests_per_second\": 1"));
    ApiKeyAuthenticator authenticator = authenticator();
    assertAdmitted(authenticator.authenticate("Bearer k"));
    assertThat(authenticator.authenticate("Bearer k")).isInstanceOf(Outcome.RateExceeded.class);
    write(key("ada", "k", ", \"requests_per_second\": 100"));
    authenticator.refresh();

    assertThat(authenticator.authenticate("Bearer k")).isInstanceOf(Outcome.RateExceeded.class);
  }

  @Test
  void keepsThePreviousKeysIfTheFileIsUnusable() throws Exception {
    write(key("ada", "k", ""));
    ApiKeyAuthenticator authenticator = authenticator();
    write("{");
    authenticator.refresh();
    assertAdmitted(authenticator.authenticate("Bearer k"));
    Files.delete(file);
    authenticator.refresh();
    assertAdmitted(authenticator.authenticate("Bearer k"));

    // A file that could not be read is read again even if its time has not changed.
    Files.createDirectory(file);
    authenticator.refresh();
    FileTime time = Files.getLastModifiedTime(file);
    Files.delete(file);
    write(key("ada", "after", ""));
    Files.setLastModifiedTime(file, time);
    authenticator.refresh();
    assertAdmitted(authenticator.authenticate("Bearer after"));
    write(key("ada", "better", ""));
    authenticator.refresh();

    assertAdmitted(authenticator.authenticate("Bearer better"));
    assertThat(authenticator.authenticate("Bearer k")).isInstanceOf(Outcome.UnknownKey.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{}]| the first two are required",
        "null| holds null",
        "[null]| a key is null",
        "[] []| the first two are required",
        "[{\"name\": \"a\", \"sha256\": \"12\"}]| sha256 of a is not a digest; it must be 64 hexadecimal digits",
        "[{\"name\": \"a b\", \"sha256\": \"D\"}]| name is a b; it must be 1 to 64 letters",
        "[{\"name\": \"a\", \"sha256\": \"D\", \"rate\": 3}]| the first two are required",
        "[{\"name\": \"a\", \"sha256\": \"D\", \"requests_per_second\": -1}]| is -1.0; it must be 0",
        "[{\"name\": \"a\", \"sha256\": \"D\", \"concurrent_requests\": -1}]| is -1; it must be 0",
        "[{\"name\": \"a\", \"sha256\": \"D\", \"concurrent_requests\": 2.7}]| the first two",
        "[{\"name\": \"a\", \"sha256\": \"D\"}, {\"name\": \"a\", \"sha256\": \"D\"}]| appears twice",
        "[{\"name\": \"a\", \"sha256\": \"D\"}, {\"name\": \"b\", \"sha256\": \"D\"}]| of another client",
      })
  void reportsTheErrorInAFileWithoutADigest(String content, String words) throws IOException {
    String digest = "0123456789abcdef".repeat(4);
    Files.writeString(file, content.replace("\"D\"", "\"" + digest + "\""));

    assertThatThrownBy(this::authenticator)
        .isInstanceOf(ApiKeyFileException.class)
        .hasMessageContaining("keys.json")
        .hasMessageContaining(words)
        .hasMessageNotContaining(digest);
  }

  @Test
  void rejectsAPipeInsteadOfWaitingForIt() throws Exception {
    assumeThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();

    assertThatThrownBy(() -> new ApiKeyAuthenticator(file))
        .isInstanceOf(ApiKeyFileException.class)
        .hasMessageContaining("keys.json is not a regular file");
  }

  @Test
  void reportsAMissingFile() {
    assertThatThrownBy(this::authenticator)
        .isInstanceOf(ApiKeyFileException.class)
        .hasMessageContaining("keys.json cannot be read");
  }
}
