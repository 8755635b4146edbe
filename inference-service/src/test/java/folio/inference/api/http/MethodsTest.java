package folio.inference.api.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import folio.inference.api.http.RawConnection.Answer;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The methods of every path, with CORS. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@TestProfile(MethodsTest.Cors.class)
class MethodsTest {
  private static final String UNKNOWN_RUN = "/runs/current";
  private static final String ORIGIN = "https://reader.example";
  private static final String GET = "GET, HEAD, OPTIONS";
  private static final String POST = "POST, OPTIONS";

  /** Allows a page of another origin. */
  public static final class Cors implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of("quarkus.http.cors.enabled", "true", "quarkus.http.cors.origins", ORIGIN);
    }
  }

  @BeforeEach
  void waitUntilReady() {
    Service.awaitReady(RestAssured.port);
  }

  static Stream<String> readPaths() {
    return Stream.of(
        "/",
        "/index.html",
        "/page/write.js",
        "/metrics",
        "/q/openapi",
        "/q/swagger-ui/",
        "/q/health",
        "/q/health/live",
        "/q/health/ready",
        "/parameters",
        "/models",
        "/models/current",
        "/checkpoints",
        "/activations",
        "/runs",
        "/v1/models",
        "/v1/models/current");
  }

  static Stream<String> postedPaths() {
    return Stream.of("/generate", "/score", "/v1/completions", "/v1/chat/completions");
  }

  private static ValidatableResponse send(String method, String path) {
    return given().request(method, path).then();
  }

  private static void assertRejects(String path, String allow, String... methods) {
    for (String method : methods) {
      ValidatableResponse answer = send(method, path);
      assertThat(answer.extract().statusCode()).as("%s %s", method, path).isEqualTo(405);
      assertThat(answer.extract().header("Allow")).as("%s %s", method, path).isEqualTo(allow);
      if (!method.equals("HEAD")) {
        boolean openAi = path.startsWith("/v1/");
        String reason = answer.extract().path(openAi ? "error.code" : "reason");
        assertThat(reason).isEqualTo("method_not_allowed");
      }
    }
    send("OPTIONS", path).statusCode(204).header("Allow", allow);
  }

  @ParameterizedTest
  @MethodSource("readPaths")
  void aPathThatIsReadHasGetAndHead(String path) {
    send("GET", path).statusCode(200);
    send("HEAD", path).statusCode(200);
    assertRejects(path, GET, "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND");
  }

  @Test
  void aRunThatIsUnknownHasGetAndHead() {
    send("GET", UNKNOWN_RUN).statusCode(404);
    send("HEAD", UNKNOWN_RUN).statusCode(404);
    assertRejects(UNKNOWN_RUN, GET, "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND");
  }

  @ParameterizedTest
  @MethodSource("postedPaths")
  void aPathThatTakesABodyHasPost(String path) {
    assertRejects(path, POST, "GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND");
  }

  @Test
  void theDocumentHasNoOtherPaths() {
    Map<String, Object> paths =
        given().accept(ContentType.JSON).get("/q/openapi").then().extract().path("paths");
    List<String> tested = new ArrayList<>(readPaths().toList());
    tested.addAll(postedPaths().toList());
    tested.add(UNKNOWN_RUN);

    assertThat(paths.keySet())
        .allSatisfy(path -> assertThat(tested).contains(path.replaceAll("\\{\\w+\\}", "current")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/nothing", "/generate/nothing", "/v1/completions/nothing", "/parameters/nothing"})
  void anUnknownPathHasNoMethods(String path) {
    for (String method : List.of("GET", "POST", "TRACE")) {
      ValidatableResponse answer = send(method, path);
      assertThat(answer.extract().statusCode()).as("%s %s", method, path).isEqualTo(404);
    }
  }

  @Test
  void matrixParametersAndASlashAtTheEndDoNotMatter() {
    for (String path : List.of("/generate;a=b", "/generate/")) {
      given().urlEncodingEnabled(false).get(path).then().statusCode(405).header("Allow", POST);
    }
  }

  @ParameterizedTest
  @MethodSource("postedPaths")
  void aPreflightOfAnotherOriginIsAllowed(String path) {
    given()
        .header("Origin", ORIGIN)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type")
        .options(path)
        .then()
        .statusCode(200)
        .header("Access-Control-Allow-Origin", ORIGIN);
  }

  @Test
  void aRejectedMethodLeavesTheConnectionUsable() throws IOException {
    try (RawConnection client = new RawConnection(RestAssured.port)) {
      client.send(RawConnection.post("{}").replace("POST", "PUT"));
      Answer rejected = client.read();
      assertThat(rejected.status()).isEqualTo(405);

      client.send(RawConnection.post("{\"max_tokens\": 1}", "Accept: application/json"));
      assertThat(client.read().status()).isEqualTo(200);
    }
  }
}
