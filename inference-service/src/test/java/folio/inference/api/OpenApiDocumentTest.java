package folio.inference.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.generation.Rejection;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The OpenAPI document's statements about requests and answers, compared with the service. {@code
 * .ci/openapi/test} tests the document with validators, generated clients and Schemathesis.
 */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class OpenApiDocumentTest {
  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  private JsonNode document;

  @BeforeEach
  void readTheDocument() {
    document = Service.parse(given().accept(ContentType.JSON).get("/q/openapi").asString());
  }

  private JsonNode field(String schema, String name) {
    JsonNode field = document.at("/components/schemas/" + schema + "/properties/" + name);
    assertThat(field.isMissingNode()).as("%s of %s", name, schema).isFalse();
    return field;
  }

  private static List<String> names(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void namesTheLicenseByItsIdentifier() {
    assertThat(document.at("/info/license/identifier").asText()).isEqualTo("Apache-2.0");
    assertThat(document.at("/servers/0/url").asText()).isEqualTo("/");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GenerateRequest", "ScoreRequest", "CompletionRequest", "StreamOptions"})
  void forbidsUnknownFieldsAndAllowsNull(String request) {
    JsonNode schema = document.at("/components/schemas/" + request);
    assertThat(schema.path("additionalProperties").asText()).isEqualTo("false");
    for (String name : names(schema.get("properties"))) {
      boolean required = schema.path("required").toString().contains('"' + name + '"');
      assertThat(schema.get("properties").get(name).toString().contains("\"null\""))
          .as("%s may be null", name)
          .isEqualTo(!required);
      JsonNode values = schema.get("properties").get(name).path("enum");
      assertThat(values.isMissingNode() || values.toString().contains("null"))
          .as("the legal values of %s have null: %s", name, values)
          .isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/generate, '{\"prompt\": null, \"max_tokens\": 1, \"seed\": null, \"stop\": null}'",
    "/score, '{\"text\": \"ab\", \"top\": null, \"model\": null}'",
    "/v1/completions, '{\"prompt\": null, \"max_tokens\": 1, \"stream_options\": null}'"
  })
  void theServiceReadsNullLikeAnAbsentField(String path, String body) {
    Models.serveSmall(checkpoints, 5);
    given()
        .contentType(ContentType.JSON)
        .accept(ContentType.JSON)
        .body(body)
        .post(path)
        .then()
        .statusCode(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompt", "stop"})
  void describesATextOrAListOfTexts(String name) {
    JsonNode choices = field("CompletionRequest", name).path("oneOf");
    assertThat(choices.findValuesAsText("type")).contains("string", "array", "null");
    assertThat(choices).hasSize(3);
  }

  @Test
  void saysWhichFieldsOfAnAnswerMayBeNull() {
    for (String name : List.of("logprobs", "finish_reason", "seed", "model_version")) {
      JsonNode field = field("CompletionChoice", name);
      assertThat(field.toString()).as(name).contains("\"null\"");
      assertThat(field.path("type").asText()).as("type of %s", name).isNotEqualTo("object");
    }
    for (String name : List.of("token_logprobs", "top_logprobs")) {
      assertThat(field("CompletionLogprobs", name).at("/items/type").toString())
          .as(name)
          .contains("\"null\"");
    }
    assertThat(field("Detail", "param").path("type").toString()).contains("\"null\"");
  }

  @ParameterizedTest
  @CsvSource({"/generate, false", "/v1/completions, false", "/score, true"})
  void saysWhetherABodyIsRequired(String path, boolean required) {
    JsonNode operation = document.path("paths").path(path).path("post");
    assertThat(operation.path("requestBody").path("required").asBoolean()).isEqualTo(required);
    Models.serveSmall(checkpoints, 5);
    given()
        .contentType(ContentType.JSON)
        .accept(ContentType.JSON)
        .post(path)
        .then()
        .statusCode(required ? 400 : 200);
  }

  /** Generated clients ask for the first JSON type among the answers of an operation. */
  @Test
  void listsTheJsonAnswerFirst() {
    for (String path : names(document.get("paths"))) {
      JsonNode responses = document.get("paths").get(path).elements().next().get("responses");
      assertThat(names(responses).get(0)).as(path).isEqualTo("200");
      assertThat(names(responses.at("/200/content")).get(0)).as(path).isEqualTo("application/json");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/generate", "/score", "/v1/completions", "/models/{version}", "/v1/models/{id}"})
  void describesTheAnswerToAnUnknownModel(String path) {
    JsonNode responses = document.path("paths").path(path).elements().next().get("responses");
    assertThat(names(responses)).contains("401", "404");
    boolean openAi = path.startsWith("/v1/");
    assertThat(responses.at("/404/$ref").asText())
        .endsWith(openAi ? "/OpenAiUnknownModel" : "/UnknownModel");
  }

  @Test
  void namesTheReasonsThatTheMetricCounts() {
    String description = field("Problem", "reason").path("description").asText();
    assertThat(description).contains("`folio_requests_rejected_total`");
    assertThat(description.split("`")).containsAll(Rejection.REASONS);
    assertThat(description).doesNotContain("too_often");
  }
}
