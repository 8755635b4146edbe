package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import folio.model.storage.PublishStep;
import folio.model.testing.S3Server;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.core.sync.RequestBody;

/** Tests the store in a bucket against a real process that implements S3. */
@Tag("slow")
class S3StoreTest extends CheckpointStoreContract {
  private static S3Server server;

  @TempDir Path cache;
  private final String prefix = UUID.randomUUID() + "/deep";

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

  private String address() {
    return "s3://" + S3Server.BUCKET + "/" + prefix;
  }

  @Override
  CheckpointStore open() {
    return CheckpointStore.at(address(), server.environment(cache));
  }

  @Override
  void overwrite(String name, byte[] content) {
    server
        .client()
        .putObject(
            put -> put.bucket(S3Server.BUCKET).key(prefix + "/" + name),
            RequestBody.fromBytes(content));
  }

  private void remove(String name) {
    server.client().deleteObject(d -> d.bucket(S3Server.BUCKET).key(prefix + "/" + name));
  }

  @Override
  void killAt(PublishStep step) throws IOException, InterruptedException {
    KilledWriter.killAt(step, address(), server.environment(cache));
  }

  @ParameterizedTest
  @EnumSource(names = {"OPENED", "FILE_WRITTEN", "VERSION_VISIBLE", "CURRENT_MOVED"})
  void survivesAWriterThatIsKilled(PublishStep step) throws Exception {
    assertSurvivesAWriterThatIsKilledAt(step);
  }

  @Test
  void rejectsTheSlowerOfTwoWritersThatMoveCurrent() {
    CheckpointStore store = open();
    String first = TestCheckpoints.publishCurrent(store, 1);
    String second = TestCheckpoints.publish(store, 2);
    String third = TestCheckpoints.publish(store, 3);
    try (CheckpointWriter slower = store.write();
        CheckpointWriter faster = open().write()) {
      faster.promote(third);
      assertThatThrownBy(() -> slower.promote(second))
          .isInstanceOf(PromotionConflictException.class)
          .hasMessageContaining("CURRENT cannot be written in " + address())
          .hasMessageContaining("changed by another process at the same time");
      assertThat(store.current()).contains(third);
      faster.promote(first);
    }
    assertThat(store.current()).contains(first);
  }

  @Test
  void rejectsTheSlowerOfTwoFirstWriters() {
    CheckpointStore store = open();
    String version = TestCheckpoints.publish(store, 1);
    String other = TestCheckpoints.publish(store, 2);
    try (CheckpointWriter slower = store.write();
        CheckpointWriter faster = open().write()) {
      faster.promote(version);
      assertThatThrownBy(() -> slower.promote(other)).hasMessageContaining("another process");
    }
    assertThat(store.current()).contains(version);
  }

  @Test
  void cachesFilesOnDiskAndVerifiesThem() throws IOException {
    CheckpointStore store = open();
    String version = TestCheckpoints.publish(store, 1);
    store.open(version);
    remove(version + "/model.safetensors");
    String digest = open().open(version).description().weightsDigest(); // from the disk cache

    Files.write(cache.resolve("checkpoints").resolve(digest), new byte[9]);
    assertThatThrownBy(() -> store.open(version))
        .as("neither the bucket nor the cache has the file")
        .hasMessageContaining("model.safetensors cannot be read");
  }

  @Test
  void hidesAVersionWithoutItsManifest() {
    CheckpointStore store = open();
    String intact = TestCheckpoints.publish(store, 1);
    String uncommitted = TestCheckpoints.publish(store, 2);
    remove(uncommitted + "/manifest.json");

    assertThat(store.versions()).containsExactly(intact);
    assertThatThrownBy(() -> store.open(uncommitted))
        .hasMessageContaining("there is no checkpoint");
    try (CheckpointWriter writer = store.write()) {
      assertThatThrownBy(() -> writer.promote(uncommitted))
          .hasMessageContaining("there is no checkpoint");
    }
  }

  @Test
  void deletesAllFilesOfAVersion() {
    CheckpointStore store = open();
    String version = TestCheckpoints.publish(store, 1);
    try (CheckpointWriter writer = store.write()) {
      writer.delete(version);
    }
    assertThat(
            server
                .client()
                .listObjectsV2(list -> list.bucket(S3Server.BUCKET).prefix(prefix))
                .contents())
        .isEmpty();
  }

  @Test
  void namesTheMissingBucket() {
    CheckpointStore nowhere = CheckpointStore.at("s3://no-such-bucket", server.environment(cache));

    assertThatThrownBy(nowhere::current)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("s3://no-such-bucket/CURRENT")
        .hasMessageContaining("bucket does not exist");
    String message = catchThrowable(nowhere::current).getMessage();
    assertThat(catchThrowable(nowhere::current))
        .as("the message of a second attempt")
        .hasMessage(message);
    assertThatThrownBy(nowhere::write)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("bucket does not exist");
  }

  @Test
  void worksWithoutAWritableCache() throws IOException {
    Path file = Files.writeString(cache.resolve("file"), "not a folder");
    CheckpointStore store = CheckpointStore.at(address(), server.environment(file));
    String version = TestCheckpoints.publish(store, 1);

    assertThat(store.open(version).version()).isEqualTo(version);
  }

  @Test
  void rejectsIllegalEndpoints() {
    Stream.of("", "minio.example", "localhost:9000", "not a uri", "ftp://host")
        .forEach(
            endpoint ->
                assertThatThrownBy(
                        () ->
                            CheckpointStore.at(
                                "s3://bucket", Map.of("AWS_ENDPOINT_URL_S3", endpoint)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("AWS_ENDPOINT_URL_S3 is '" + endpoint + "'; it must be"));
  }

  @Test
  void rejectsIllegalAddresses() {
    Stream.of("s3://", "s3:/bucket", "http://host/checkpoints", "s3://UPPER/case", "file:relative")
        .forEach(
            address ->
                assertThatThrownBy(() -> CheckpointStore.at(address, Map.of()))
                    .as(address)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the address is " + address + "; it must be a folder,"));
  }
}
