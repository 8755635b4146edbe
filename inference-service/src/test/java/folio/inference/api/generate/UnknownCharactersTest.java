package folio.inference.api.generate;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Characters that the model does not know, with and without an entry for them. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class UnknownCharactersTest {
  /** The vocabulary also has a real U+FFFD, which is not the unknown entry. */
  private static final Vocabulary KNOWN = Vocabulary.of("\nab\ufffd");

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  @BeforeEach
  void serveUnknownEntry() {
    Models.serveSmall(checkpoints, KNOWN.withUnknownEntry(), 61);
  }

  /** Other tests share the service, and their prompts are of ASCII. */
  @AfterEach
  void serveAscii() {
    Models.serveSmall(checkpoints, 51);
  }

  private static Response post(String path, Map<String, ?> body) {
    return given().contentType(ContentType.JSON).accept("application/json").body(body).post(path);
  }

  private static JsonNode answer(String path, Map<String, ?> body) {
    Response response = post(path, body);
    assertThat(response.statusCode()).as(response.asString()).isEqualTo(200);
    return Service.parse(response.asString());
  }

  private static JsonNode refused(String path, Map<String, ?> body) {
    Response response = post(path, body);
    assertThat(response.statusCode()).as(response.asString()).isEqualTo(400);
    return Service.parse(response.asString());
  }

  private static Map<String, Object> generate(String prompt, String unknown) {
    Map<String, Object> body =
        new HashMap<>(Map.of("prompt", prompt, "max_tokens", 20, "seed", 3, "echo", true));
    if (unknown != null) {
      body.put("unknown", unknown);
    }
    return body;
  }

  @ParameterizedTest
  @ValueSource(strings = {"/generate", "/v1/completions"})
  void areRejectedByDefault(String path) {
    for (String unknown : new String[] {null, "reject"}) {
      assertThat(refused(path, generate("abéa", unknown)).toString())
          .contains("unknown_character", "'é' (U+00E9) at position 2");
    }
  }

  @Test
  void areLeftOutOfThePrompt() {
    JsonNode skipped = answer("/generate", generate("éaéb😀", "skip"));

    assertThat(skipped.get("text"))
        .isEqualTo(answer("/generate", generate("ab", null)).get("text"));
    assertThat(skipped.at("/usage/prompt_tokens").asInt()).isEqualTo(2);
  }

  @Test
  void aPromptOfWhichNothingIsLeftIsTheDefaultPrompt() {
    assertThat(answer("/generate", generate("é😀", "skip")).get("text"))
        .isEqualTo(answer("/generate", generate("", null)).get("text"));
  }

  @Test
  void areReadAsTheUnknownEntry() {
    JsonNode replaced = answer("/generate", generate("aéb", "replace"));
    JsonNode other = answer("/generate", generate("a😀b", "replace"));
    JsonNode real = answer("/generate", generate("a\ufffdb", "replace"));

    assertThat(replaced.get("text").asText()).startsWith("a\ufffdb").hasSize(23);
    assertThat(other.get("text")).isEqualTo(replaced.get("text"));
    assertThat(replaced.at("/usage/prompt_tokens").asInt()).isEqualTo(3);
    assertThat(score("aéb", "replace").get("total_nats").asDouble())
        .as("a real U+FFFD is another character")
        .isNotEqualTo(score("a\ufffdb", "reject").get("total_nats").asDouble());
    assertThat(real.get("text").asText()).startsWith("a\ufffdb");
  }

  private static JsonNode score(String text, String unknown) {
    return answer("/score", Map.of("text", text, "top", 20, "unknown", unknown));
  }

  @Test
  void haveALogProbabilityAndAreNoAlternative() {
    JsonNode scored = score("aéb", "replace");

    List<String> tokens = new ArrayList<>();
    for (JsonNode token : scored.get("tokens")) {
      tokens.add(token.get("token").asText());
      assertThat(token.path("top").size()).isIn(0, KNOWN.size());
    }
    assertThat(tokens).containsExactly("a", "\ufffd", "b");
    JsonNode replaced = scored.at("/tokens/1");
    double all = Math.exp(replaced.get("logprob").asDouble());
    for (JsonNode alternative : replaced.get("top")) {
      all += Math.exp(alternative.get("logprob").asDouble());
    }
    assertThat(all).as("the probability of all entries").isCloseTo(1, within(1e-4));
    assertThat(score("aéb😀", "skip").get("tokens")).hasSize(2);
  }

  @Test
  void aTextOfWhichOneCharacterIsLeftHasNoScore() {
    JsonNode problem = refused("/score", Map.of("text", "aé", "unknown", "skip"));

    assertThat(problem.get("detail").asText()).contains("2 or more known characters");
  }

  /** A random network of this size gives the unknown entry a probability of about a fifth. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1, 2})
  void areNeverGenerated(double temperature) {
    Models.serveSmall(checkpoints, Vocabulary.of("\nab").withUnknownEntry(), 62);
    for (int seed = 0; seed < 5; seed++) {
      JsonNode generated =
          answer(
              "/generate",
              Map.of(
                  "prompt",
                  "é",
                  "unknown",
                  "replace",
                  "max_tokens",
                  500,
                  "seed",
                  seed,
                  "temperature",
                  temperature));
      assertThat(generated.get("text").asText()).hasSize(500).matches("[\nab]*");
    }
    assertThat(score("aé", "replace").at("/tokens/1/logprob").asDouble()).isGreaterThan(-5);
  }

  @Test
  void cannotBeReplacedWithoutAnEntry() {
    Models.serveSmall(checkpoints, KNOWN, 63);

    assertThat(refused("/generate", generate("aéb", "replace")).get("detail").asText())
        .contains("'é' (U+00E9) at position 1", "no unknown entry to replace it");
    assertThat(answer("/generate", generate("ab", "replace")).get("text").asText()).hasSize(22);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/generate", "/v1/completions", "/score"})
  void otherValuesAreIllegal(String path) {
    Map<String, Object> body =
        path.equals("/score") ? Map.of("text", "ab", "unknown", "drop") : generate("ab", "drop");

    assertThat(refused(path, body).toString())
        .contains("unknown is drop; it must be reject, skip or replace");
  }
}
