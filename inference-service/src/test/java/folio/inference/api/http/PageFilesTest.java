package folio.inference.api.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.specification.RequestSpecification;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests how the files of the page travel: compressed, and once for each version of the service. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class PageFilesTest {
  private static RequestSpecification compressed() {
    return given().header("Accept-Encoding", "gzip");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/page/main.js", "/page/style.css", "/page/folio.css"})
  void aFileIsCompressedAndDownloadedOnce(String path) {
    String tag =
        compressed()
            .get(path)
            .then()
            .statusCode(200)
            .header("Content-Encoding", "gzip")
            .header("Cache-Control", "no-cache")
            .extract()
            .header("ETag");

    given()
        .header("If-None-Match", tag)
        .get(path)
        .then()
        .statusCode(304)
        .header("ETag", equalTo(tag))
        .body(emptyString());
    given().header("If-None-Match", "W/\"0123456789abcdef\"").get(path).then().statusCode(200);
  }

  @Test
  void filesHaveDifferentTags() {
    assertThat(given().get("/page/main.js").header("ETag"))
        .isNotEqualTo(given().get("/page/score.js").header("ETag"));
  }

  @Test
  void nothingElseIsCompressedOrTagged() {
    Service.awaitReady(RestAssured.port);
    compressed()
        .contentType("application/json")
        .body("{\"max_tokens\": 3}")
        .post("/generate")
        .then()
        .statusCode(200)
        .header("Content-Encoding", nullValue())
        .header("ETag", nullValue());
    given().header("If-None-Match", "*").get("/models").then().statusCode(200);
    given().header("If-None-Match", "*").get("/page/missing.js").then().statusCode(404);
  }
}
