package folio.inference.observability;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The health checks, the metrics and the OpenAPI description of a running service. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class OperatorTest {
  @BeforeEach
  void waitUntilReady() {
    Service.awaitReady(RestAssured.port);
  }

  private static void generate30Characters() {
    given()
        .contentType("application/json")
        .accept("application/json")
        .body("{\"max_tokens\": 30}")
        .post("/generate")
        .then()
        .statusCode(200);
  }

  @Test
  void reportsHealth() {
    for (String probe : List.of("started", "ready", "live")) {
      given().get("/q/health/" + probe).then().statusCode(200).body("status", equalTo("UP"));
    }
  }

  @Test
  void exportsTheDocumentedMetrics() {
    Service service = new Service(RestAssured.port);
    double before = service.metric("folio_generation_tokens_total");
    generate30Characters();
    given()
        .contentType("application/json")
        .body("{\"model\": \"none\"}")
        .post("/generate")
        .then()
        .statusCode(404);

    assertThat(service.metric("folio_generation_tokens_total")).isEqualTo(before + 30);
    String page = service.get("/metrics").body();
    assertThat(page)
        .contains(
            "folio_requests_total{finish_reason=\"length\"}",
            "folio_requests_rejected_total{reason=\"unknown_model\"}",
            "folio_prompt_tokens_total",
            "folio_requests_running",
            "folio_requests_waiting",
            "folio_time_to_first_token_seconds_bucket{le=",
            "folio_inter_token_latency_seconds_bucket{le=\"5.0E-5\"}",
            "folio_request_duration_seconds_count",
            "folio_request_queue_seconds_count",
            "folio_decode_step_seconds_count",
            "folio_batch_size_bucket{le=\"64.0\"}",
            "folio_model_loads_total{result=\"success\"}",
            "folio_model_load_seconds_count",
            "folio_model_info{version=",
            "folio_model_active_timestamp_seconds");
    assertThat(page.lines())
        .as("no persistent kernel on a CPU")
        .contains("folio_decoder_on_chip 0.0");
    // A version is a label of folio_model_info only.
    assertThat(page.lines().filter(line -> line.contains("version=\"")))
        .allMatch(line -> line.startsWith("folio_model_info{") || line.startsWith("jvm_info"));
  }

  @Test
  void exportsTheMetricsOfTheConventionsForGenerativeAi() {
    Service service = new Service(RestAssured.port);
    String labels = "{gen_ai_operation_name=\"text_completion\",gen_ai_provider_name=\"folio\"";
    String written = "gen_ai_client_inference_operation_output_tokens_sum" + labels;
    double before = service.metric(written);
    generate30Characters();

    assertThat(service.metric(written)).isEqualTo(before + 30);
    assertThat(service.get("/metrics").body())
        .contains(
            "gen_ai_client_inference_operation_input_tokens_bucket" + labels + ",le=\"1.0\"}",
            "gen_ai_server_time_to_first_token_seconds_bucket" + labels + ",le=\"5.0E-5\"}",
            "gen_ai_server_time_per_output_token_seconds_bucket" + labels + ",le=\"1.0E-6\"}")
        .contains(
            "gen_ai_server_request_duration_seconds_bucket{error_type=\"\",gen_ai_operation_name",
            "gen_ai_server_request_duration_seconds_count{error_type=\"undeliverable\",");
  }

  @Test
  void describesTheApiInOpenApi() {
    Map<String, Object> api =
        given().accept("application/json").get("/q/openapi").then().extract().path("$");
    String text = api.toString();

    assertThat(text).contains("text/event-stream", "application/x-ndjson", "text/plain");
    Map<String, ?> responses =
        given()
            .accept("application/json")
            .get("/q/openapi")
            .then()
            .extract()
            .path("paths.'/generate'.post.responses");
    assertThat(responses.keySet())
        .isEqualTo(
            Set.of(
                "200", "400", "401", "404", "405", "406", "408", "410", "413", "415", "429", "500",
                "501", "503"));
    Map<String, Map<String, ?>> fields =
        given()
            .accept("application/json")
            .get("/q/openapi")
            .then()
            .extract()
            .path("components.schemas.GenerateRequest.properties");
    assertThat(fields.keySet())
        .isEqualTo(
            Set.of(
                "prompt",
                "max_tokens",
                "temperature",
                "top_k",
                "top_p",
                "min_p",
                "repetition_penalty",
                "seed",
                "stop",
                "logprobs",
                "echo",
                "unknown",
                "ignore_eos",
                "keep_state",
                "state",
                "model"));
    assertThat(fields)
        .allSatisfy((name, field) -> assertThat(field.get("description")).isNotNull());
    given().get("/q/swagger-ui/").then().statusCode(200).body(containsString("swagger"));
  }

  @Test
  void describesEveryOperationParameterAndFieldInOpenApi() {
    JsonNode api =
        Service.parse(given().accept("application/json").get("/q/openapi").body().asString());

    for (JsonNode path : api.get("paths")) {
      for (JsonNode operation : path) {
        String name = operation.get("operationId").asText();
        assertThat(operation.has("summary")).as("summary of " + name).isTrue();
        assertDescribed(name, operation);
        for (JsonNode listed : operation.path("parameters")) {
          JsonNode parameter =
              listed.has("$ref") ? api.at(listed.get("$ref").asText().substring(1)) : listed;
          assertDescribed(name + " " + parameter.get("name").asText(), parameter);
        }
      }
    }
    for (Map.Entry<String, JsonNode> schema : api.at("/components/schemas").properties()) {
      for (Map.Entry<String, JsonNode> field : schema.getValue().path("properties").properties()) {
        assertDescribed(schema.getKey() + "." + field.getKey(), field.getValue());
      }
    }
  }

  private static void assertDescribed(String name, JsonNode node) {
    assertThat(node.path("description").asText())
        .as("description of " + name)
        .hasSizeGreaterThan(3);
  }
}
