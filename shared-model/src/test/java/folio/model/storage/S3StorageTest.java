package folio.model.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.testing.S3Server;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Tests the cases that only a bucket has: foreign objects and concurrent writers. */
class S3StorageTest {
  private static final String FIRST = "20260101T000000Z-00000001";
  private static final String SECOND = "20260101T000001Z-00000002";

  private static S3Server server;

  private final String prefix = UUID.randomUUID() + "/";

  @BeforeAll
  static void start() throws IOException {
    server = S3Server.start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private S3Storage storage(Duration leftoverAge) {
    return new S3Storage(new S3Bucket(server.client(), S3Server.BUCKET, prefix), leftoverAge);
  }

  private void put(String... names) {
    for (String name : names) {
      server
          .client()
          .putObject(
              put -> put.bucket(S3Server.BUCKET).key(prefix + name), RequestBody.fromString(name));
    }
  }

  private List<String> names() {
    return server
        .client()
        .listObjectsV2(list -> list.bucket(S3Server.BUCKET).prefix(prefix))
        .contents()
        .stream()
        .map(S3Object::key)
        .map(key -> key.substring(prefix.length()))
        .toList();
  }

  private static void add(StorageWriter writer, String version) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("model.safetensors", version.getBytes(StandardCharsets.UTF_8));
    files.put(Storage.COMMIT_FILE, "{}".getBytes(StandardCharsets.UTF_8));
    writer.add(version, files);
  }

  @Test
  void deletesUnfinishedVersionsAndNoOtherObjects() throws Exception {
    put(FIRST + "/config.json", FIRST + "/model.safetensors");
    put(SECOND + "/config.json", SECOND + "/manifest.json");
    String[] foreign = {
      "data/text.txt", "deep/" + FIRST + "/config.json", "notes.txt", FIRST + "/a/b", FIRST + "x/c"
    };
    put(foreign);

    storage(S3Storage.LEFTOVER_AGE).write(step -> {}).close();
    assertThat(names()).as("files of a writer that may still run").contains(FIRST + "/config.json");

    storage(Duration.ZERO).write(step -> {}).close();
    assertThat(names())
        .contains(foreign)
        .contains(SECOND + "/config.json", SECOND + "/manifest.json")
        .doesNotContain(FIRST + "/config.json", FIRST + "/model.safetensors");
  }

  @Test
  void currentNeverNamesADeletedVersion() throws Exception {
    S3Storage storage = storage(S3Storage.LEFTOVER_AGE);
    try (StorageWriter promoting = storage.write(step -> {});
        StorageWriter deleting = storage.write(step -> {})) {
      add(promoting, FIRST);
      add(promoting, SECOND);
      deleting.delete(FIRST);
      assertThatThrownBy(() -> promoting.moveCurrent(FIRST))
          .isInstanceOf(NoSuchFileException.class)
          .hasMessageContaining("deleted");
      assertThat(storage.current()).isEmpty();

      promoting.moveCurrent(SECOND);
      assertThatThrownBy(() -> deleting.delete(SECOND)).hasMessageContaining("become CURRENT");
      assertThat(storage.contains(SECOND)).isTrue();

      add(deleting, FIRST);
      deleting.delete(FIRST);
      assertThatThrownBy(() -> promoting.moveCurrent(FIRST))
          .isInstanceOf(NoSuchFileException.class);
      assertThat(storage.current().map(String::strip)).as("unchanged").contains(SECOND);
      add(promoting, FIRST);
      promoting.moveCurrent(FIRST);
      assertThat(storage.current().map(String::strip)).contains(FIRST);
    }
  }
}
