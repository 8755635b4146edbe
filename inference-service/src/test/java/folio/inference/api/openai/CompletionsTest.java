package folio.inference.api.openai;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Models;
import folio.inference.api.RecordedErrors;
import folio.inference.api.Service;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The seeds of choices and the fields of OpenAI's and vLLM's clients. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class CompletionsTest {
  private static final String BASE =
      "{\"prompt\": \"ROMEO:\", \"max_tokens\": 30, \"seed\": 7, \"n\": 2}";

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  @BeforeEach
  void serve() {
    Models.serveSmall(checkpoints, 47);
  }

  private static Response post(String path, String body) {
    return given().contentType(ContentType.JSON).accept(ContentType.JSON).body(body).post(path);
  }

  private static JsonNode complete(String body) {
    Response answer = post("/v1/completions", body);
    assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
    return Service.parse(answer.asString());
  }

  private static List<String> texts(JsonNode completion) {
    return completion.get("choices").findValuesAsText("text");
  }

  /** Returns a body with one more field, or another value of a field. */
  private static String with(String body, String field, String value) {
    ObjectNode fields = (ObjectNode) Service.parse(body);
    return fields.set(field, Service.parse(value)).toString();
  }

  private static String alone(String prompt, long seed) {
    String body = "{\"prompt\": \"" + prompt + "\", \"max_tokens\": 30, \"seed\": " + seed + "}";
    return Service.parse(post("/generate", body).asString()).get("text").asText();
  }

  @Test
  void choicesWithoutASeedDiffer() {
    JsonNode completion =
        complete("{\"prompt\": [\"A\", \"A\", \"A\"], \"n\": 2, \"max_tokens\": 30}");

    Set<Long> seeds = new HashSet<>();
    for (JsonNode choice : completion.get("choices")) {
      seeds.add(choice.get("seed").asLong());
      assertThat(choice.get("text").asText()).isEqualTo(alone("A", choice.get("seed").asLong()));
    }
    assertThat(seeds).hasSize(6);
    assertThat(new HashSet<>(texts(completion))).hasSize(6);
  }

  @Test
  void aChoiceIsTheTextThatItsSeedGivesAlone() {
    JsonNode choices =
        complete(
                "{\"prompt\": [\"A\", \"A\", \"KING:\"], \"n\": 2, \"max_tokens\": 30,"
                    + " \"seed\": 100}")
            .get("choices");

    assertThat(choices).hasSize(6);
    for (int i = 0; i < 6; i++) {
      assertThat(choices.get(i).get("index").asInt()).isEqualTo(i);
      assertThat(choices.get(i).get("seed").asLong()).isEqualTo(100 + i);
      String prompt = i < 4 ? "A" : "KING:";
      assertThat(choices.get(i).get("text").asText()).isEqualTo(alone(prompt, 100 + i));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          stream_options        | {"include_obfuscation": false}
          stream_options        | {"include_usage": true, "continuous_usage_stats": true}
          ignore_eos            | true
          min_tokens            | 30
          metadata              | {"run": "a", "step": 5}
          store                 | true
          service_tier          | "auto"
          user                  | "ada"
          top_k                 | -1
          suffix                | ""
          suffix                | null
          max_completion_tokens | 30
          best_of               | 2
          logit_bias            | {}
          presence_penalty      | 0.0
          max_tokens            | 30.0
          """)
  void aFieldThatChangesNothingIsAccepted(String field, String value) {
    assertThat(texts(complete(with(BASE, field, value)))).isEqualTo(texts(complete(BASE)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          best_of               | 1
          best_of               | 3
          suffix                | "b"
          min_tokens            | 31
          min_tokens            | -1
          max_completion_tokens | 31
          top_k                 | -2
          logit_bias            | {"5": 1.0}
          presence_penalty      | 0.1
          frequency_penalty     | 0.1
          max_tokens            | 0
          """)
  void aFieldThatWouldChangeTheTextIsRejectedByName(String field, String value) {
    Response answer = post("/v1/completions", with(BASE, field, value));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.<String>path("error.param")).isEqualTo(field);
    assertThat(answer.<String>path("error.code")).isEqualTo("out_of_range");
    assertThat(answer.<String>path("error.message")).contains(field, "must be");
  }

  @Test
  void minTokensContradictStopTexts() {
    Response answer = post("/v1/completions", with(with(BASE, "min_tokens", "5"), "stop", "\"x\""));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.<String>path("error.param")).isEqualTo("min_tokens");
    complete(with(with(BASE, "min_tokens", "0"), "stop", "\"x\""));
  }

  @Test
  void maxCompletionTokensIsAnotherNameOfMaxTokens() {
    JsonNode completion = complete("{\"prompt\": \"A\", \"max_completion_tokens\": 5}");

    assertThat(completion.at("/usage/completion_tokens").asInt()).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void topLogprobsIncludeTheChosenCharacter(int alternatives) {
    String body = with(with(BASE, "logprobs", "" + alternatives), "temperature", "2");
    int chosenBelowTheTop = 0;
    for (JsonNode choice : complete(body).get("choices")) {
      JsonNode logprobs = choice.get("logprobs");
      for (int i = 0; i < 30; i++) {
        JsonNode top = logprobs.get("top_logprobs").get(i);
        JsonNode chosen = top.get(logprobs.get("tokens").get(i).asText());
        assertThat(chosen).as("position %d of %s", i, top).isNotNull();
        assertThat(chosen).isEqualTo(logprobs.get("token_logprobs").get(i));
        assertThat(top.size()).isBetween(alternatives, alternatives + 1);
        chosenBelowTheTop += top.size() > alternatives ? 1 : 0;
      }
    }
    assertThat(chosenBelowTheTop).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/generate", "/v1/completions"})
  void echoAloneReturnsThePrompt(String path) {
    Response answer =
        post(path, "{\"prompt\": \"ROMEO:\", \"max_tokens\": 0, \"echo\": true, \"seed\": 1}");

    assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
    JsonNode json = Service.parse(answer.asString());
    JsonNode choice = path.equals("/generate") ? json : json.at("/choices/0");
    assertThat(choice.get("text").asText()).isEqualTo("ROMEO:");
    assertThat(choice.get("finish_reason").asText()).isEqualTo("length");
    assertThat(json.at("/usage/prompt_tokens").asInt()).isEqualTo(6);
    assertThat(json.at("/usage/completion_tokens").asInt()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"false, 1", "true, 0"})
  void withoutEchoOrWithAStateARequestAsksForACharacter(boolean echo, int state) {
    Response answer =
        post(
            "/generate",
            "{\"max_tokens\": 0, \"echo\": " + echo + ", \"keep_state\": " + (state == 0) + "}");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.<String>path("field")).isEqualTo("max_tokens");
    assertThat(answer.<String>path("legal")).isEqualTo("1 to 10000");
  }

  private static List<JsonNode> stream(String body) {
    Response answer = post("/v1/completions", with(body, "stream", "true"));
    assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
    return Service.events(answer.asString());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyEventReportsTheUsageOfItsChoiceSoFar(boolean echo) {
    String body = with(BASE, "echo", String.valueOf(echo));
    String options = "{\"include_usage\": true, \"continuous_usage_stats\": true}";

    List<JsonNode> events = stream(with(body, "stream_options", options));

    int[] written = new int[2];
    for (JsonNode event : events.subList(0, events.size() - 1)) {
      JsonNode choice = event.at("/choices/0");
      int index = choice.get("index").asInt();
      written[index] += choice.get("text").asText().length();
      int generated = Math.max(0, written[index] - (echo ? 6 : 0));
      assertThat(event.at("/usage/prompt_tokens").asInt()).isEqualTo(6);
      assertThat(event.at("/usage/completion_tokens").asInt()).isEqualTo(generated);
      assertThat(event.at("/usage/total_tokens").asInt()).isEqualTo(6 + generated);
    }
    assertThat(written).containsOnly(echo ? 36 : 30);
    assertThat(events.get(events.size() - 1).at("/usage/completion_tokens").asInt()).isEqualTo(60);
  }

  @Test
  void continuousUsageNeedsIncludeUsageAsInVllm() {
    String options = "{\"continuous_usage_stats\": true}";

    assertThat(stream(with(BASE, "stream_options", options))).noneMatch(e -> e.has("usage"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}", "{}", ""})
  void namesTheRouteToAChatClient(String body) {
    Response answer = given().contentType(ContentType.JSON).body(body).post("/v1/chat/completions");

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.contentType()).startsWith("application/json");
    assertThat(answer.<String>path("error.code")).isEqualTo("no_chat");
    assertThat(answer.<String>path("error.type")).isEqualTo("invalid_request_error");
    assertThat(answer.<String>path("error.message")).contains("POST /v1/completions");
    Map<String, Object> error = answer.path("error");
    assertThat(error).containsOnlyKeys("message", "type", "param", "code");
  }

  /** Every prompt is rejected on its own, but the answer reports the first rejection only. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void furtherRejectionsOfOneRequestAreNoErrors(boolean streams) {
    Service service = new Service(RestAssured.port);
    List<String> prompts = Collections.nCopies(16, "\"caf\u00e9\"");
    try (RecordedErrors errors = new RecordedErrors()) {
      Response answer =
          post(
              "/v1/completions",
              "{\"prompt\": " + prompts + ", \"n\": 2, \"stream\": " + streams + "}");

      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.<String>path("error.code")).isEqualTo("unknown_character");
      Service.await("no request waits", () -> service.metric("folio_requests_waiting ") == 0);
      assertThat(errors.messages()).isEmpty();
    }
  }

  @Test
  void moreChoicesThanTheServiceHoldsAreNoError() {
    List<String> prompts = Collections.nCopies(16, '"' + "a".repeat(10_000) + '"');
    try (RecordedErrors errors = new RecordedErrors()) {
      Response answer =
          post(
              "/v1/completions", "{\"prompt\": " + prompts + ", \"n\": 16, \"max_tokens\": 10000}");

      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.<String>path("error.param")).isEqualTo("n");
      assertThat(errors.messages()).isEmpty();
    }
  }
}
