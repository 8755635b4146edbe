package folio.inference.api.generate;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Models;
import folio.inference.api.Service;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointStore;
import folio.model.network.CharGru;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests of {@code POST /score} against the network itself. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class ScoreTest {
  /** A text that is longer than a prefill chunk and not a multiple of one. */
  private static final String TEXT = "ROMEO:\nWherefore art thou Romeo? zQx\n";

  @ConfigProperty(name = "folio.limits.prompt-tokens")
  int longest;

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  private String version;

  @BeforeEach
  void serve() {
    version = Models.serveSmall(checkpoints, 41);
  }

  private static ValidatableResponse post(Map<String, ?> body) {
    return given().contentType(ContentType.JSON).body(body).post("/score").then();
  }

  private static JsonNode score(String text, int top) {
    return Service.parse(
        post(Map.of("text", text, "top", top)).statusCode(200).extract().asString());
  }

  /** Returns the log-probabilities after each character but the last, from one forward pass. */
  private static float[][] logProbabilities(Checkpoint checkpoint, String text) {
    try (NDManager manager = NDManager.newBaseManager();
        CharGru network = checkpoint.load(manager)) {
      long[] ids = IntStream.of(checkpoint.vocabulary().encode(text)).asLongStream().toArray();
      NDArray batch = manager.create(ids).reshape(1, ids.length);
      NDArray logits = network.forward(batch, network.zeroState(manager, 1)).logits();
      float[] flat = logits.logSoftmax(-1).toFloatArray();
      int size = checkpoint.vocabulary().size();
      float[][] rows = new float[ids.length - 1][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = java.util.Arrays.copyOfRange(flat, i * size, (i + 1) * size);
      }
      return rows;
    }
  }

  @Test
  void returnsTheLogProbabilitiesOfTheNetwork() {
    Checkpoint checkpoint = new CheckpointStore(checkpoints).open(version);
    float[][] expected = logProbabilities(checkpoint, TEXT);
    int[] ids = checkpoint.vocabulary().encode(TEXT);

    JsonNode answer = score(TEXT, 3);

    JsonNode tokens = answer.get("tokens");
    assertThat(tokens).hasSize(TEXT.length());
    assertThat(tokens.get(0).toString()).isEqualTo("{\"token\":\"R\"}");
    double total = 0;
    for (int i = 1; i < ids.length; i++) {
      float[] row = expected[i - 1];
      float own = row[ids[i]];
      JsonNode token = tokens.get(i);
      assertThat(token.get("token").asText()).isEqualTo(TEXT.substring(i, i + 1));
      assertThat(token.get("logprob").asDouble()).isCloseTo(own, within(1e-4));
      long moreLikely = IntStream.range(0, row.length).filter(id -> row[id] > own + 1e-4).count();
      long atLeastAsLikely =
          IntStream.range(0, row.length).filter(id -> row[id] >= own - 1e-4).count();
      assertThat(token.get("rank").asLong()).isBetween(moreLikely + 1, atLeastAsLikely);
      assertThat(token.get("top")).hasSize(3);
      double best = IntStream.range(0, row.length).mapToDouble(id -> row[id]).max().orElseThrow();
      assertThat(token.at("/top/0/logprob").asDouble()).isCloseTo(best, within(1e-4));
      total -= own;
    }
    int scored = TEXT.length() - 1;
    assertThat(answer.get("scored_tokens").asInt()).isEqualTo(scored);
    assertThat(answer.get("total_nats").asDouble()).isCloseTo(total, within(1e-2));
    double mean = answer.get("nats_per_token").asDouble();
    assertThat(mean).isCloseTo(total / scored, within(1e-3));
    assertThat(answer.get("bits_per_token").asDouble()).isCloseTo(mean / Math.log(2), within(1e-9));
    assertThat(answer.get("perplexity").asDouble()).isCloseTo(Math.exp(mean), within(1e-9));
    assertThat(answer.get("model_version").asText()).isEqualTo(version);
  }

  @Test
  void scoresGeneratedTextLikeItsGeneration() {
    String body = "{\"prompt\": \"KING\", \"max_tokens\": 40, \"seed\": 7, \"logprobs\": 0}";
    JsonNode generated =
        Service.parse(
            given()
                .contentType(ContentType.JSON)
                .accept(ContentType.JSON)
                .body(body)
                .post("/generate")
                .asString());

    JsonNode tokens = score("KING" + generated.get("text").asText(), 0).get("tokens");

    for (int i = 0; i < 40; i++) {
      JsonNode scored = tokens.get(4 + i);
      JsonNode reported = generated.get("logprobs").get(i);
      assertThat(scored.get("logprob").asDouble()).isEqualTo(reported.get("logprob").asDouble());
      assertThat(scored.get("rank").asInt()).isEqualTo(reported.get("rank").asInt());
      assertThat(scored.get("top")).isEmpty();
    }
  }

  @Test
  void concurrentTextsDoNotChangeAScore() {
    String alone = score(TEXT, 2).toString();

    List<CompletableFuture<JsonNode>> many = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      String text = i % 2 == 0 ? TEXT : TEXT.repeat(1 + i);
      many.add(CompletableFuture.supplyAsync(() -> score(text, 2)));
    }

    for (int i = 0; i < many.size(); i += 2) {
      assertThat(many.get(i).join().toString()).isEqualTo(alone);
    }
    for (int i = 1; i < many.size(); i += 2) {
      assertThat(many.get(i).join().get("scored_tokens").asInt())
          .isEqualTo(TEXT.length() * (1 + i) - 1);
    }
  }

  @Test
  void scoresTheLongestLegalText() {
    JsonNode answer = score("a".repeat(longest), 0);

    assertThat(answer.get("scored_tokens").asInt()).isEqualTo(longest - 1);
    post(Map.of("text", "a".repeat(longest + 1)))
        .statusCode(400)
        .body("field", equalTo("text"))
        .body("value", equalTo(longest + 1 + " characters"))
        .body("legal", equalTo("2 to " + longest + " characters"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                                    | 400 | text  | 0 characters",
        "{\"text\": \"a\"}                     | 400 | text  | 1 character",
        "{\"text\": 5}                         | 400 | text  | 5",
        "{\"text\": \"ab\", \"top\": 21}       | 400 | top   | 21",
        "{\"text\": \"ab\", \"top\": -1}       | 400 | top   | -1",
        "{\"text\": \"a\u00fcb\"}              | 400 | text  | \u00fc",
        "{\"text\": \"ab\", \"model\": \"no\"} | 404 | model | no",
      })
  void rejectionsNameTheField(String body, int status, String field, String value) {
    given()
        .contentType(ContentType.JSON)
        .body(body.strip())
        .post("/score")
        .then()
        .statusCode(status)
        .contentType("application/problem+json")
        .body("field", equalTo(field))
        .body("value", equalTo(value))
        .body("detail", containsString(field.equals("model") ? "version" : field));
  }

  @Test
  void rejectsAnAbsentBody() {
    given()
        .contentType(ContentType.JSON)
        .post("/score")
        .then()
        .statusCode(400)
        .body("field", equalTo("text"));
  }
}
