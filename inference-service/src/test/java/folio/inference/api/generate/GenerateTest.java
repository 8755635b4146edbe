package folio.inference.api.generate;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyOrNullString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasLength;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.config.EncoderConfig;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Completed answers of {@code POST /generate} in every format, and every rejection. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class GenerateTest {
  private static final String HELLO = "{\"prompt\": \"Hello\", \"max_tokens\": 40, \"seed\": 42}";

  @BeforeEach
  void waitUntilReady() {
    Service.awaitReady(RestAssured.port);
  }

  private static RequestSpecification json(String body) {
    return given()
        .config(
            RestAssured.config()
                .encoderConfig(
                    EncoderConfig.encoderConfig()
                        .appendDefaultContentCharsetToContentTypeIfUndefined(false)))
        .contentType(ContentType.JSON)
        .body(body);
  }

  private static ValidatableResponse generate(String body) {
    return json(body).accept(ContentType.JSON).post("/generate").then();
  }

  @Test
  void returnsACompletedAnswer() {
    generate(HELLO)
        .statusCode(200)
        .contentType(ContentType.JSON)
        .header("X-Model-Version", notNullValue())
        .header("Cache-Control", "no-cache")
        .header("X-Request-Id", notNullValue())
        .body("text", hasLength(40))
        .body("finish_reason", equalTo("length"))
        .body("seed", equalTo(42))
        .body("usage.prompt_tokens", equalTo(5))
        .body("usage.completion_tokens", equalTo(40))
        .body("usage.total_tokens", equalTo(45))
        .body("metrics.duration_seconds", notNullValue());
  }

  @Test
  void returnsTheSameTextInEveryFormat() {
    String text = generate(HELLO).extract().path("text");
    String plain =
        json(HELLO).accept(ContentType.TEXT).post("/generate").then().extract().asString();
    String lines =
        json(HELLO)
            .accept("application/x-ndjson")
            .post("/generate")
            .then()
            .statusCode(200)
            .contentType("application/x-ndjson")
            .extract()
            .asString();
    String events =
        json(HELLO)
            .accept("text/event-stream")
            .post("/generate")
            .then()
            .statusCode(200)
            .contentType("text/event-stream")
            .header("X-Accel-Buffering", "no")
            .extract()
            .asString();

    assertThat(plain).isEqualTo(text);
    assertThat(Service.textOf(lines.lines())).isEqualTo(text);
    assertThat(events).endsWith("data: [DONE]\n\n");
    assertThat(
            Service.textOf(
                events
                    .lines()
                    .filter(line -> line.startsWith("data: {"))
                    .map(line -> line.substring(6))))
        .isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "*/*"})
  void streamsEventsByDefault(String accept) {
    RequestSpecification request = json(HELLO);
    if (!accept.isEmpty()) {
      request.accept(accept);
    }
    request
        .post("/generate")
        .then()
        .statusCode(200)
        .contentType("text/event-stream")
        .body(startsWith("data: {\"index\":0,\"text\":"));
  }

  @Test
  void everyFieldHasADefault() {
    generate("{}")
        .statusCode(200)
        .body("usage.completion_tokens", equalTo(256))
        .body("usage.prompt_tokens", equalTo(1))
        .body("seed", notNullValue());
  }

  @Test
  void echoesThePromptAndReportsLogProbabilities() {
    generate(
            "{\"prompt\":\"Hello\",\"max_tokens\":3,\"echo\":true,\"logprobs\":2,\"temperature\":0}")
        .statusCode(200)
        .body("text", startsWith("Hello"))
        .body("text", hasLength(8))
        .body("logprobs", hasSize(3))
        .body("logprobs[0].top", hasSize(2));
  }

  @Test
  void keepsASafeRequestIdOfTheClient() {
    json(HELLO)
        .header("X-Request-Id", "abc-123")
        .accept(ContentType.JSON)
        .post("/generate")
        .then()
        .header("X-Request-Id", "abc-123");
    json(HELLO)
        .header("X-Request-Id", "<script>")
        .accept(ContentType.JSON)
        .post("/generate")
        .then()
        .header("X-Request-Id", hasLength(36));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"temperature": 3}               | temperature        | 0 (greedy), or 0.01 to 2.0
          {"temperature": -1}              | temperature        | 0 (greedy), or 0.01 to 2.0
          {"max_tokens": 0}                | max_tokens         | 1 to 10000
          {"max_tokens": 10001}            | max_tokens         | 1 to 10000
          {"top_k": -1}                    | top_k              | 0 (all) or more
          {"top_p": 0}                     | top_p              | above 0, up to 1
          {"min_p": 2}                     | min_p              | 0 to 1
          {"repetition_penalty": 0}        | repetition_penalty | above 0, up to 2.0
          {"logprobs": 21}                 | logprobs           | 0 to 20
          {"stop": [""]}                   | stop               | 1 to 64 characters per text
          {"stop": [null]}                 | stop               | texts
          {"max_tokens": 99999999999999}   | max_tokens         | -2147483648 to 2147483647
          {"max_tokens": 1e400000000}      | max_tokens         | -2147483648 to 2147483647
          {"max_tokens": 1E+2147483648}    | max_tokens         | -2147483648 to 2147483647
          {"seed": 9223372036854775808}    | seed               | -9223372036854775808 to 9223372036854775807
          {"seed": -1e400000000}           | seed               | -9223372036854775808 to 9223372036854775807
          {"seed": 0.5}                    | seed               | a whole number
          {"max_tokens": 4.5}              | max_tokens         | a whole number
          {"max_tokens": 1e-400000000}     | max_tokens         | a whole number
          {"stop": ["a", 5]}               | stop[1]            | a text
          {"stop": ["a", "\\ud83d"]}       | stop               | texts of whole characters
          {"stop": ["\\ude00a"]}           | stop               | texts of whole characters
          {"max_tokens": "12"}             | max_tokens         | a whole number
          {"max_tokens": 1.5}              | max_tokens         | a whole number
          {"prompt": 5}                    | prompt             | a text
          {"echo": "yes"}                  | echo               | true or false
          {"stop": "x"}                    | stop               | a list of texts
          []                               | the body           | a JSON object
          {} {}                            | the body           | a JSON object
          """)
  void namesTheFieldAndItsLegalRange(String body, String field, String legal) {
    generate(body)
        .statusCode(400)
        .contentType("application/problem+json")
        .header("X-Request-Id", notNullValue())
        .body("status", equalTo(400))
        .body("title", equalTo("Bad Request"))
        .body("field", equalTo(field))
        .body("legal", equalTo(legal))
        .body("value", field.equals("the body") ? nullValue() : not(emptyOrNullString()))
        .body("detail", notNullValue());
  }

  @ParameterizedTest
  @CsvSource({"4, 4", "4.0, 4", "4.000, 4", "1e2, 100", "40e-1, 4", "0.4E1, 4"})
  void readsAWholeNumberHoweverItIsWritten(String number, int tokens) {
    generate("{\"max_tokens\": " + number + ", \"seed\": " + number + "}")
        .statusCode(200)
        .body("usage.completion_tokens", equalTo(tokens))
        .body("seed", equalTo(tokens));
  }

  @ParameterizedTest
  @ValueSource(strings = {"9223372036854775807", "-9223372036854775808", "9223372036854775807.0"})
  void readsEverySeedOf64Bits(String seed) {
    String answer =
        generate("{\"max_tokens\": 1, \"seed\": " + seed + "}")
            .statusCode(200)
            .extract()
            .asString();

    assertThat(Service.parse(answer).get("seed").asText()).isEqualTo(seed.replace(".0", ""));
  }

  @Test
  void namesASeedOfMoreThan64Bits() {
    generate("{\"seed\": 9223372036854775808}")
        .statusCode(400)
        .body("reason", equalTo("out_of_range"))
        .body("value", equalTo("9223372036854775808"))
        .body(
            "detail",
            equalTo(
                "seed is 9223372036854775808; it must be -9223372036854775808 to"
                    + " 9223372036854775807"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"application/json", "text/event-stream", "application/x-ndjson", "text/plain"})
  @Tag("slow")
  void readsALargeBodyForEveryFormat(String accept) {
    String prompt = "\\u0061".repeat(10_000);
    json("{\"prompt\": \"" + prompt + "\", \"max_tokens\": 5, \"seed\": 1}")
        .accept(accept)
        .post("/generate")
        .then()
        .statusCode(200)
        .body(not(emptyString()));
  }

  @Test
  void namesAnUnknownField() {
    generate("{\"max_token\": 5}")
        .statusCode(400)
        .body("reason", equalTo("unknown_field"))
        .body("field", equalTo("max_token"))
        .body("legal", containsString("max_tokens"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "text/event-stream", "text/plain"})
  void namesAnUnknownCharacterInsteadOfStartingAStream(String accept) {
    json("{\"prompt\": \"Hell\u00f8\"}")
        .accept(accept)
        .post("/generate")
        .then()
        .statusCode(400)
        .contentType("application/problem+json")
        .body("reason", equalTo("unknown_character"))
        .body("field", equalTo("prompt"))
        .body("value", equalTo("\u00f8"))
        .body("legal", containsString("position 4"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"prompt\":", "{\"seed\":1,\"seed\":2}", "nonsense", "\r", " \n\t"})
  void rejectsABodyThatIsNotJson(String body) {
    generate(body)
        .statusCode(400)
        .contentType("application/problem+json")
        .body("reason", equalTo("malformed_json"));
  }

  @Test
  void rejectsAPromptThatIsTooLong() {
    generate("{\"prompt\": \"" + "a".repeat(10_001) + "\"}")
        .statusCode(400)
        .body("field", equalTo("prompt"))
        .body("value", equalTo("10001 characters"));
  }

  @Test
  void rejectsABodyThatIsTooLarge() {
    generate("{\"prompt\": \"" + "a".repeat(2_000_000) + "\"}")
        .statusCode(413)
        .contentType("application/problem+json")
        .body("legal", equalTo("up to 1048576 bytes"));
  }

  @Test
  void rejectsOtherMediaTypesAndMethods() {
    given().contentType("text/xml").body("<x/>").post("/generate").then().statusCode(415);
    given().get("/generate").then().statusCode(405);
    given().get("/nothing").then().statusCode(404).contentType("application/problem+json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"image/png", "application/json;q=0", "text/html, image/*;q=0.5"})
  void rejectsAnAcceptHeaderWithoutAnOfferedType(String accept) {
    Service service = new Service(RestAssured.port);
    double before = service.metric("folio_prompt_tokens_total");

    json(HELLO)
        .accept(accept)
        .post("/generate")
        .then()
        .statusCode(406)
        .contentType("application/problem+json")
        .body("reason", equalTo("not_acceptable"))
        .body("field", equalTo("Accept"))
        .body("value", equalTo(accept))
        .body(
            "legal",
            equalTo("text/event-stream, application/x-ndjson, text/plain, application/json"));
    assertThat(service.metric("folio_prompt_tokens_total"))
        .as("the request got no slot")
        .isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          text/plain;q=0.5, application/json;q=0.9 | application/json
          image/png, application/x-ndjson;q=0.1    | application/x-ndjson
          text/*                                   | text/event-stream
          text/event-stream;q=0, text/*            | text/plain
          """)
  void answersInThePreferredMediaType(String accept, String mediaType) {
    json(HELLO)
        .accept(accept)
        .post("/generate")
        .then()
        .statusCode(200)
        .contentType(startsWith(mediaType));
  }

  @Test
  void rejectsModelsThatAreNotResident() {
    generate("{\"model\": \"20260101T000000Z-00000000\"}")
        .statusCode(404)
        .contentType("application/problem+json")
        .body("field", equalTo("model"))
        .body("reason", equalTo("unknown_model"));
    String version = given().get("/models/current").then().extract().path("version");
    generate("{\"model\": \"" + version + "\", \"max_tokens\": 3}")
        .statusCode(200)
        .body("model_version", equalTo(version));
  }

  @Test
  void listsModels() {
    given()
        .get("/models")
        .then()
        .statusCode(200)
        .body("find { it.state == 'current' }.version", notNullValue())
        .body(
            "find { it.state == 'current' }.characters.size()",
            org.hamcrest.Matchers.greaterThan(5));
    given()
        .get("/models/current")
        .then()
        .statusCode(200)
        .body("state", equalTo("current"))
        .body("network.kind", equalTo("residual"));
    given()
        .get("/models/none")
        .then()
        .statusCode(404)
        .contentType("application/problem+json")
        .body("value", equalTo("none"));
  }
}
