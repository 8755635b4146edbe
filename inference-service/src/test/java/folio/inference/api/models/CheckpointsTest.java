package folio.inference.api.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class CheckpointsTest {
  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  @Test
  void listsPublishedCheckpointsNewestFirst() throws IOException {
    Service.awaitReady(RestAssured.port);
    CheckpointStore store = new CheckpointStore(checkpoints);
    String current = TestCheckpoints.publishCurrent(store, 31);
    String newer = TestCheckpoints.publish(store, 32);
    String broken = TestCheckpoints.publish(store, 33);
    Files.writeString(checkpoints.resolve(broken).resolve("manifest.json"), "{");

    JsonNode listed = Service.parse(new Service(RestAssured.port).get("/checkpoints").body());

    assertThat(listed.findValuesAsText("version"))
        .containsSubsequence(newer, current)
        .doesNotContain(broken);
    for (JsonNode checkpoint : listed) {
      assertThat(checkpoint.get("current").asBoolean())
          .isEqualTo(checkpoint.get("version").asText().equals(current));
      assertThat(checkpoint.has("step")).isTrue();
    }
  }

  @Test
  void leavesOutManifestsWithoutTheVersionOfTheirFolder() throws IOException {
    Service.awaitReady(RestAssured.port);
    CheckpointStore store = new CheckpointStore(checkpoints);
    String current = TestCheckpoints.publishCurrent(store, 34);
    String nameless = TestCheckpoints.publish(store, 35);
    String renamed = TestCheckpoints.publish(store, 36);
    String minimal = TestCheckpoints.publish(store, 37);
    replace(nameless, "\"version\"", "\"name\"");
    replace(renamed, renamed, current);
    Files.writeString(manifest(minimal), "{\"format\": 1, \"version\": \"" + minimal + "\"}");

    HttpResponse<String> answer = new Service(RestAssured.port).get("/checkpoints");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    List<String> versions = Service.parse(answer.body()).findValuesAsText("version");
    assertThat(versions).contains(current).doesNotContain(nameless, renamed);
    assertThat(versions).doesNotHaveDuplicates();
  }

  private Path manifest(String version) {
    return checkpoints.resolve(version).resolve("manifest.json");
  }

  private void replace(String version, String old, String other) throws IOException {
    String text = Files.readString(manifest(version));
    assertThat(text).contains(old);
    Files.writeString(manifest(version), text.replace(old, other));
  }
}
