package folio.inference.api.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compressed, absent and null bodies, and bodies of other types. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class BodiesTest {
  private static final String BODY = "{\"max_tokens\": 3, \"seed\": 1}";
  private static final int LIMIT = 1 << 20;

  @BeforeEach
  void waitUntilReady() {
    Service.awaitReady(RestAssured.port);
  }

  private static HttpResponse<String> post(String path, byte[] body, String... headers)
      throws Exception {
    Service service = new Service(RestAssured.port);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + RestAssured.port + path))
            .header("Accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return service.client().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> postCoded(byte[] body, String coding) throws Exception {
    return post("/generate", body, "Content-Type", "application/json", "Content-Encoding", coding);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(compressed)) {
      out.write(bytes);
    }
    return compressed.toByteArray();
  }

  private static String reason(HttpResponse<String> answer) {
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    return Service.parse(answer.body()).get("reason").asText();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "GZIP"})
  void readsACompressedBody(String coding) throws Exception {
    HttpResponse<String> answer = postCoded(gzip(bytes(BODY)), coding);

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(Service.parse(answer.body()).at("/usage/completion_tokens").asInt()).isEqualTo(3);
    String plain = post("/generate", bytes(BODY), "Content-Type", "application/json").body();
    assertThat(Service.parse(answer.body()).get("text"))
        .isEqualTo(Service.parse(plain).get("text"));
  }

  @Test
  void readsABodyWhoseCodingIsIdentity() throws Exception {
    assertThat(postCoded(bytes(BODY), "identity").statusCode()).isEqualTo(200);
  }

  /** Less than 10 kB that become 8 MiB; only as much as the limit may be decompressed. */
  @Test
  void rejectsACompressedBodyThatExceedsTheLimit() throws Exception {
    byte[] bomb = new byte[8 * LIMIT];
    Arrays.fill(bomb, (byte) ' ');

    HttpResponse<String> answer = postCoded(gzip(bomb), "gzip");

    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(reason(answer)).isEqualTo("body_too_large");
    assertThat(answer.body()).contains("when it is decompressed");
  }

  @Test
  void readsACompressedBodyAsLargeAsTheLimit() throws Exception {
    byte[] body = bytes(BODY);
    byte[] padded = Arrays.copyOf(body, LIMIT);
    Arrays.fill(padded, body.length, LIMIT, (byte) ' ');

    assertThat(postCoded(gzip(padded), "gzip").statusCode()).isEqualTo(200);
  }

  @Test
  void rejectsABodyThatIsNotCompressedAsItsHeaderSays() throws Exception {
    byte[] cut = Arrays.copyOf(gzip(bytes(BODY)), 15);
    for (byte[] body : new byte[][] {bytes(BODY), cut, new byte[0]}) {
      HttpResponse<String> answer = postCoded(body, "gzip");

      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(reason(answer)).isEqualTo("malformed_request");
      assertThat(answer.body()).contains("gzip");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"deflate", "br", "gzip, gzip"})
  void namesACodingThatItDoesNotKnow(String coding) throws Exception {
    HttpResponse<String> answer = postCoded(bytes(BODY), coding);

    assertThat(answer.statusCode()).isEqualTo(415);
    assertThat(reason(answer)).isEqualTo("unsupported_media_type");
    assertThat(Service.parse(answer.body()).get("detail").asText())
        .isEqualTo("Content-Encoding is " + coding + "; it must be gzip or identity");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "/generate, null",
        "/score, null",
        "/v1/completions, null",
        "/generate, \" \t\r\n null \n\"",
        "/generate, \"                                        null\""
      })
  void rejectsNull(String path, String body) throws Exception {
    HttpResponse<String> answer = post(path, bytes(body), "Content-Type", "application/json");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(answer.body()).contains("the body is null; it must be a JSON object");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/generate", "/v1/completions"})
  void everyFieldOfAnAbsentBodyHasItsDefault(String path) throws Exception {
    assertThat(post(path, new byte[0]).statusCode()).isEqualTo(200);
    assertThat(post(path, new byte[0], "Content-Type", "application/json").statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "/generate, text/xml",
    "/generate, application/x-www-form-urlencoded",
    "/generate, nonsense",
    "/score, text/plain",
    "/v1/completions, text/plain"
  })
  void namesAMediaTypeThatIsNotJson(String path, String type) throws Exception {
    HttpResponse<String> answer = post(path, bytes(BODY), "Content-Type", type);

    assertThat(answer.statusCode()).isEqualTo(415);
    assertThat(answer.body()).contains("Content-Type is " + type + "; it must be application/json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json;charset=utf-8", "Application/JSON"})
  void readsJsonWithParameters(String type) throws Exception {
    assertThat(post("/generate", bytes(BODY), "Content-Type", type).statusCode()).isEqualTo(200);
  }

  @Test
  void theTypeOfAnAbsentBodyDoesNotMatter() {
    given().contentType("text/plain").get("/models").then().statusCode(200);
  }

  @Test
  void aClientThatAcceptsOnlyProblemsGetsJson() {
    given()
        .contentType("application/json")
        .accept("application/problem+json")
        .body(BODY)
        .post("/generate")
        .then()
        .statusCode(200)
        .contentType("application/json")
        .body("usage.completion_tokens", equalTo(3));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0",
        "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;"
            + "q=0.4,text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
      })
  void metricsComeAsOpenMetrics(String accept) {
    given()
        .accept(accept)
        .get("/metrics")
        .then()
        .statusCode(200)
        .contentType("application/openmetrics-text")
        .body(containsString("\n# EOF"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "text/plain;version=0.0.4;q=0.5,application/json;q=0.1"})
  void metricsComeAsPlainText(String accept) {
    given()
        .accept(accept)
        .get("/metrics")
        .then()
        .statusCode(200)
        .contentType("text/plain")
        .body(containsString("folio_requests_running"));
  }
}
