package folio.inference.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
  void name() {
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

  private ApiKeyAuthenticator access() {
    return new ApiKeyAuthenticator(file, () -> nanos);
  }

  private static Runnable admitted(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Admitted.class);
    return ((Outcome.Admitted) outcome).over();
  }

  @Test
  void admitsThoseWhoseKeyIsKnown() throws Exception {
    write(key("ada", "one two", ""), key("ben", "three", ""));
    ApiKeyAuthenticator access = access();

    assertThat(access.admit("Bearer one two"))
        .isInstanceOfSatisfying(
            Outcome.Admitted.class, it -> assertThat(it.client()).isEqualTo("ada"));
    assertThat(access.admit("bearer three")).isInstanceOf(Outcome.Admitted.class);
    for (String header : new String[] {null, "", "Bearer", "Bearer ", "Basic three", "three"}) {
      assertThat(access.admit(header)).as(header).isInstanceOf(Outcome.Unknown.class);
    }
    assertThat(access.admit("Bearer thre")).isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void aBurstIsASecondsWorthAndFillsUpAgain() throws Exception {
    write(key("ada", "k", ", \"requests_per_second\": 2"));
    ApiKeyAuthenticator access = access();

    admitted(access.admit("Bearer k")).run();
    admitted(access.admit("Bearer k")).run();
    assertThat(access.admit("Bearer k"))
        .isEqualTo(new Outcome.TooOften("ada", 2, Duration.ofMillis(500)));
    nanos += Duration.ofMillis(499).toNanos();
    assertThat(access.admit("Bearer k")).isInstanceOf(Outcome.TooOften.class);
    nanos += Duration.ofMillis(2).toNanos();
    admitted(access.admit("Bearer k")).run();
    nanos += Duration.ofHours(1).toNanos();
    admitted(access.admit("Bearer k")).run();
    admitted(access.admit("Bearer k")).run();
    assertThat(access.admit("Bearer k")).isInstanceOf(Outcome.TooOften.class);
  }

  @Test
  void aPlaceIsTakenUntilItIsGivenBack() throws Exception {
    write(key("ada", "k", ", \"concurrent_requests\": 2"), key("ben", "other", ""));
    ApiKeyAuthenticator access = access();
    Runnable first = admitted(access.admit("Bearer k"));
    admitted(access.admit("Bearer k"));

    assertThat(access.admit("Bearer k")).isEqualTo(new Outcome.TooMany("ada", 2));
    admitted(access.admit("Bearer other"));
    first.run();
    admitted(access.admit("Bearer k"));
    assertThat(access.admit("Bearer k")).isInstanceOf(Outcome.TooMany.class);
  }

  @Test
  void aNewFileCountsAndForgetsNobodysPlaces() throws Exception {
    write(key("ada", "k", ", \"concurrent_requests\": 1"), key("ben", "gone", ""));
    ApiKeyAuthenticator access = access();
    admitted(access.admit("Bearer k"));
    write(key("ada", "k2", ", \"concurrent_requests\": 2"), key("eve", "new", ""));
    access.refresh();

    assertThat(access.admit("Bearer k")).isInstanceOf(Outcome.Unknown.class);
    assertThat(access.admit("Bearer gone")).isInstanceOf(Outcome.Unknown.class);
    admitted(access.admit("Bearer new"));
    admitted(access.admit("Bearer k2"));
    assertThat(access.admit("Bearer k2")).isEqualTo(new Outcome.TooMany("ada", 2));
  }

  @Test
  void aFileThatCannotBeUsedChangesNothing() throws Exception {
    write(key("ada", "k", ""));
    ApiKeyAuthenticator access = access();
    write("{");
    access.refresh();
    admitted(access.admit("Bearer k"));
    Files.delete(file);
    access.refresh();
    admitted(access.admit("Bearer k"));

    // What could not be read is tried again, though it has not changed since.
    Files.createDirectory(file);
    access.refresh();
    FileTime time = Files.getLastModifiedTime(file);
    Files.delete(file);
    write(key("ada", "after", ""));
    Files.setLastModifiedTime(file, time);
    access.refresh();
    admitted(access.admit("Bearer after"));
    write(key("ada", "better", ""));
    access.refresh();

    admitted(access.admit("Bearer better"));
    assertThat(access.admit("Bearer k")).isInstanceOf(Outcome.Unknown.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{}]| the first two required",
        "null| holds null",
        "[null]| a key is null",
        "[] []| the first two required",
        "[{\"name\": \"a\", \"sha256\": \"12\"}]| sha256 of a is not 64 hexadecimal digits",
        "[{\"name\": \"a b\", \"sha256\": \"D\"}]| name is a b; legal are 1 to 64 letters",
        "[{\"name\": \"a\", \"sha256\": \"D\", \"rate\": 3}]| the first two required",
        "[{\"name\": \"a\", \"sha256\": \"D\", \"requests_per_second\": -1}]| is -1.0; legal are 0",
        "[{\"name\": \"a\", \"sha256\": \"D\", \"concurrent_requests\": -1}]| is -1; legal are 0",
        "[{\"name\": \"a\", \"sha256\": \"D\", \"concurrent_requests\": 2.7}]| the first two",
        "[{\"name\": \"a\", \"sha256\": \"D\"}, {\"name\": \"a\", \"sha256\": \"D\"}]| there twice",
        "[{\"name\": \"a\", \"sha256\": \"D\"}, {\"name\": \"b\", \"sha256\": \"D\"}]| another client's",
      })
  void saysWhatIsWrongWithAFileAndTellsNoDigest(String content, String words) throws IOException {
    String digest = "0123456789abcdef".repeat(4);
    Files.writeString(file, content.replace("\"D\"", "\"" + digest + "\""));

    assertThatThrownBy(this::access)
        .isInstanceOf(ApiKeyFileException.class)
        .hasMessageContaining("keys.json")
        .hasMessageContaining(words)
        .hasMessageNotContaining(digest);
  }

  @Test
  void saysThatThereIsNoFile() {
    assertThatThrownBy(this::access)
        .isInstanceOf(ApiKeyFileException.class)
        .hasMessageContaining("keys.json cannot be read");
  }
}
