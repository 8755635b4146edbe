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
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The prompt of requests that have none, with vocabularies that lack a line break or a space. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class DefaultPromptTest {
  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  private String expected;

  /** Other tests share the service, and their prompts are of ASCII. */
  @AfterEach
  void serveAscii() {
    Models.serveSmall(checkpoints, 51);
  }

  private void serve(String characters, String prompt) {
    Models.serveSmall(checkpoints, Vocabulary.of(characters.replace("N", "\n")), 51);
    expected = prompt.replace("N", "\n");
  }

  private static JsonNode post(String path, String accept, String body) {
    Response answer = given().contentType(ContentType.JSON).accept(accept).body(body).post(path);
    assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
    return Service.parse(answer.asString());
  }

  private static JsonNode generate(String body) {
    return post("/generate", "application/json", body);
  }

  private static JsonNode complete(String body) {
    return post("/v1/completions", "application/json", body);
  }

  private static String body(String prompt, String more) {
    String field = prompt == null ? "" : "\"prompt\": \"" + prompt.replace("\n", "\\n") + "\", ";
    return "{" + field + "\"max_tokens\": 12, \"seed\": 3" + more + "}";
  }

  @ParameterizedTest
  @CsvSource({"'abN ', 'N'", "'ab é', ' '", "'béa', 'a'", "'🌍🌎', '🌍'"})
  void isALineBreakOrASpaceOrTheFirstCharacter(String characters, String prompt) {
    serve(characters, prompt);

    String named = generate(body(expected, "")).get("text").asText();
    for (String absent : new String[] {null, ""}) {
      JsonNode generated = generate(body(absent, ""));
      assertThat(generated.get("text").asText()).isEqualTo(named);
      assertThat(generated.at("/usage/prompt_tokens").asInt()).isEqualTo(1);
      assertThat(generate(body(absent, ", \"echo\": true")).get("text").asText())
          .isEqualTo(expected + named);
      JsonNode completed = complete(body(absent, ""));
      assertThat(completed.at("/choices/0/text").asText()).isEqualTo(named);
      assertThat(completed.at("/usage/prompt_tokens").asInt()).isEqualTo(1);
    }
    assertThat(
            complete("{\"prompt\": [\"\"], \"max_tokens\": 12, \"seed\": 3}").at("/choices/0/text"))
        .isEqualTo(complete(body(null, "")).at("/choices/0/text"));
  }

  @ParameterizedTest
  @CsvSource({"'abN ', 'N'", "'ab é', ' '", "'béa', 'a'", "'🌍🌎', '🌍'"})
  void isEchoedWithLogProbabilities(String characters, String prompt) {
    serve(characters, prompt);
    String options = ", \"echo\": true, \"logprobs\": 1";

    JsonNode absent = complete(body(null, options)).at("/choices/0");

    assertThat(absent).isEqualTo(complete(body(expected, options)).at("/choices/0"));
    JsonNode tokens = absent.at("/logprobs/tokens");
    assertThat(tokens).hasSize(13);
    assertThat(tokens.get(0).asText()).isEqualTo(expected);
    assertThat(absent.at("/logprobs/token_logprobs/0").isNull()).isTrue();
    assertThat(absent.at("/text").asText()).startsWith(expected);
  }

  @ParameterizedTest
  @CsvSource({"'ab é', ' '", "'béa', 'a'"})
  void isEchoedInAStream(String characters, String prompt) {
    serve(characters, prompt);
    String options = ", \"echo\": true, \"logprobs\": 0, \"stream\": true";
    String answer =
        given()
            .contentType(ContentType.JSON)
            .body(body(null, options))
            .post("/v1/completions")
            .asString();

    List<JsonNode> choices =
        Service.events(answer).stream().map(event -> event.at("/choices/0")).toList();
    String text =
        choices.stream().map(choice -> choice.get("text").asText()).collect(Collectors.joining());
    assertThat(text).startsWith(expected).hasSize(13);
    assertThat(choices.get(0).at("/logprobs/tokens/0").asText()).isEqualTo(expected);
  }
}
