package folio.inference.api.generate;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Models;
import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Generations that resume from a saved state. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class SavedStateTest {
  /** Parameters with which every part of a state influences the text. */
  private static final Map<String, ?> SAMPLING =
      Map.of("temperature", 0.8, "repetition_penalty", 1.3, "top_p", 0.95, "logprobs", 0);

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  @BeforeEach
  void serve() {
    Models.serveSmall(checkpoints, 42);
  }

  private static ValidatableResponse post(Map<String, ?> body) {
    return given()
        .contentType(ContentType.JSON)
        .accept(ContentType.JSON)
        .body(body)
        .post("/generate")
        .then();
  }

  private static JsonNode generate(Map<String, ?> body) {
    Map<String, Object> all = new HashMap<>(SAMPLING);
    all.putAll(body);
    return Service.parse(post(all).statusCode(200).extract().asString());
  }

  private static String savedState(String prompt) {
    return generate(Map.of("prompt", prompt, "max_tokens", 5, "keep_state", true))
        .get("state")
        .asText();
  }

  @Test
  void tenResumedPiecesEqualOneGeneration() {
    JsonNode whole = generate(Map.of("prompt", "KING HENRY", "max_tokens", 100, "seed", 3));
    Service service = new Service(RestAssured.port);

    JsonNode piece =
        generate(Map.of("prompt", "KING HENRY", "max_tokens", 1, "seed", 3, "keep_state", true));
    StringBuilder text = new StringBuilder(piece.get("text").asText());
    StringBuilder logprobs = new StringBuilder(piece.get("logprobs").get(0).toString());
    double read = service.metric("folio_prompt_tokens_total");
    for (int length : new int[] {1, 9, 12, 7, 20, 1, 25, 14, 10}) {
      String state = piece.get("state").asText();
      piece = generate(Map.of("state", state, "max_tokens", length, "keep_state", true));
      assertThat(piece.at("/usage/prompt_tokens").asInt()).isZero();
      assertThat(piece.at("/usage/completion_tokens").asInt()).isEqualTo(length);
      assertThat(piece.get("seed").asLong()).isEqualTo(3);
      text.append(piece.get("text").asText());
      piece.get("logprobs").forEach(each -> logprobs.append(each.toString()));
    }

    assertThat(text.toString()).isEqualTo(whole.get("text").asText());
    StringBuilder expected = new StringBuilder();
    whole.get("logprobs").forEach(each -> expected.append(each.toString()));
    assertThat(logprobs.toString()).as("bit for bit").isEqualTo(expected.toString());
    assertThat(service.metric("folio_prompt_tokens_total")).as("no prompt is read").isEqualTo(read);
  }

  /** A prompt after a state is read as if it had stood after the text that led to the state. */
  @Test
  void aPromptIsReadAfterAState() {
    JsonNode piece =
        generate(Map.of("prompt", "KING", "max_tokens", 20, "seed", 3, "keep_state", true));
    String before = "KING" + piece.get("text").asText();
    Map<String, Object> greedy =
        Map.of("max_tokens", 30, "temperature", 0, "repetition_penalty", 1);
    for (String prompt : List.of("x", " and a longer prompt")) {
      Map<String, Object> resumed = new HashMap<>(greedy);
      resumed.put("state", piece.get("state").asText());
      resumed.put("prompt", prompt);
      Map<String, Object> whole = new HashMap<>(greedy);
      whole.put("prompt", before + prompt);

      JsonNode answer = generate(resumed);

      assertThat(answer.get("text")).isEqualTo(generate(whole).get("text"));
      assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(prompt.length());
    }
  }

  /** The draws continue at the position that the state has, so the seed does not repeat itself. */
  @Test
  void aPromptAfterAStateKeepsTheSeedAndThePosition() {
    String state = savedState("KING");
    Map<String, Object> request =
        Map.of("state", state, "prompt", "x", "max_tokens", 40, "keep_state", true);
    JsonNode once = generate(request);
    JsonNode again = generate(request);
    JsonNode anew = generate(Map.of("state", state, "prompt", "x", "max_tokens", 40, "seed", 9));

    assertThat(again.get("text")).isEqualTo(once.get("text"));
    assertThat(anew.get("text")).isNotEqualTo(once.get("text"));
    JsonNode half =
        generate(Map.of("state", state, "prompt", "x", "max_tokens", 15, "keep_state", true));
    JsonNode rest = generate(Map.of("state", half.get("state").asText(), "max_tokens", 25));
    assertThat(half.get("text").asText() + rest.get("text").asText())
        .isEqualTo(once.get("text").asText());
  }

  @Test
  void severalGenerationsResumeFromOneState() {
    String state = savedState("ROMEO:");

    JsonNode first = generate(Map.of("state", state, "max_tokens", 40, "seed", 1));
    JsonNode other = generate(Map.of("state", state, "max_tokens", 40, "seed", 2));
    JsonNode again = generate(Map.of("state", state, "max_tokens", 40, "seed", 1));

    assertThat(other.get("text")).isNotEqualTo(first.get("text"));
    assertThat(again.get("text")).isEqualTo(first.get("text"));
  }

  @Test
  void aStreamEndsWithTheState() {
    String events =
        given()
            .contentType(ContentType.JSON)
            .accept("text/event-stream")
            .body("{\"prompt\": \"KING\", \"max_tokens\": 30, \"seed\": 4, \"keep_state\": true}")
            .post("/generate")
            .asString();
    List<JsonNode> all = Service.events(events);
    JsonNode last = all.get(all.size() - 1);

    assertThat(last.get("finish_reason").asText()).isEqualTo("length");
    assertThat(all.subList(0, all.size() - 1)).isNotEmpty().noneMatch(event -> event.has("state"));
    post(Map.of("state", last.get("state").asText(), "max_tokens", 5))
        .statusCode(200)
        .body("usage.completion_tokens", equalTo(5))
        .body("state", nullValue());
  }

  @Test
  void aStateHasTheDocumentedSize() {
    JsonNode model = Service.parse(new Service(RestAssured.port).get("/models/current").body());
    int floats = model.at("/network/layers").asInt() * model.at("/network/hidden_size").asInt();

    assertThat(savedState("a").length()).isBetween(floats * 16 / 3, floats * 16 / 3 + 400);
  }

  @Test
  void rejectsAStateWhoseModelIsGone() {
    String state = savedState("a");
    Service service = new Service(RestAssured.port);
    String version = TestCheckpoints.publishCurrent(new CheckpointStore(checkpoints), 21);
    Service.await(
        "alone",
        () -> {
          JsonNode models = Service.parse(service.get("/models").body());
          return models.size() == 1 && models.at("/0/version").asText().equals(version);
        });

    post(Map.of("state", state, "max_tokens", 5))
        .statusCode(410)
        .body("reason", equalTo("state_model_gone"))
        .body("field", equalTo("state"));
  }

  @Test
  void rejectionsNameTheField() {
    String state = savedState("a");
    post(Map.of("state", state, "model", "other"))
        .statusCode(400)
        .body("field", equalTo("model"))
        .body("detail", containsString("the model that computed state"));
    String forged =
        state.substring(0, 40) + (state.charAt(40) == 'A' ? 'B' : 'A') + state.substring(41);
    post(Map.of("state", forged)).statusCode(400).body("reason", equalTo("forged_state"));
    post(Map.of("state", "?")).statusCode(400).body("reason", equalTo("malformed_state"));
  }
}
