package folio.inference.api.generate;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Models;
import folio.inference.api.Service;
import folio.model.vocabulary.Vocabulary;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The texts of a model that was trained on documents begin and end with one. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class DocumentEndTest {
  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  @BeforeEach
  void serveDocuments() {
    Models.serveDocuments(checkpoints, Vocabulary.of("\nab|"), "|", 71);
  }

  @AfterEach
  void serveAscii() {
    Models.serveSmall(checkpoints, 51);
  }

  private static JsonNode post(String path, Map<String, Object> more) {
    Map<String, Object> body = new HashMap<>(Map.of("max_tokens", 400, "seed", 5));
    body.putAll(more);
    Response response =
        given().contentType(ContentType.JSON).accept("application/json").body(body).post(path);
    assertThat(response.statusCode()).as(response.asString()).isEqualTo(200);
    JsonNode answer = Service.parse(response.asString());
    return path.equals("/generate") ? answer : answer.at("/choices/0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/generate", "/v1/completions"})
  void theSeparatorEndsATextUnlessItIsIgnored(String path) {
    JsonNode ended = post(path, Map.of());
    JsonNode continued = post(path, Map.of("ignore_eos", true));
    String all = continued.get("text").asText();

    assertThat(all).contains("|").hasSize(400);
    assertThat(continued.get("finish_reason").asText()).isEqualTo("length");
    assertThat(ended.get("text").asText()).isEqualTo(all.substring(0, all.indexOf('|')));
    assertThat(ended.get("finish_reason").asText()).isEqualTo("stop");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/generate", "/v1/completions"})
  void anAbsentPromptBeginsADocument(String path) {
    JsonNode echoed = post(path, Map.of("echo", true, "ignore_eos", true));

    assertThat(echoed.get("text").asText()).startsWith("|");
    assertThat(echoed.get("text"))
        .isEqualTo(post(path, Map.of("prompt", "|", "echo", true, "ignore_eos", true)).get("text"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"b", "a"})
  void theStopTextsOfTheRequestCountToo(String stop) {
    String all = post("/generate", Map.of("ignore_eos", true)).get("text").asText();
    String ended = post("/generate", Map.of("stop", new String[] {stop})).get("text").asText();

    assertThat(ended).isEqualTo(all.split("[|" + stop + "]", 2)[0]);
  }
}
