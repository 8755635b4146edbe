package folio.inference.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import folio.inference.CheckpointFolder;
import folio.model.testing.Pages;
import folio.model.testing.ShellCommand;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** The requests that the pages show. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class DocumentedRequestsTest {
  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  /** A request that a page shows. */
  private record Shown(String path, String body) {}

  private static List<Shown> requestsOfCurl() {
    List<Shown> requests = new ArrayList<>();
    for (ShellCommand command : ShellCommand.onAllPages()) {
      int body = command.words().indexOf("-d") + 1;
      if (command.program().equals("curl") && body > 0) {
        URI address =
            command.words().stream()
                .filter(word -> word.startsWith("http://"))
                .map(URI::create)
                .findAny()
                .orElseThrow();
        requests.add(new Shown(address.getPath(), command.words().get(body)));
      }
    }
    return requests;
  }

  private static String scoredBody() {
    return Pages.page("inference-service/docs/http-api.md")
        .section("POST /score")
        .codeLines()
        .get(0);
  }

  @Test
  void showsOnlyRequestsThatTheServiceAccepts() {
    Models.serveSmall(checkpoints, 11);
    List<Shown> requests = requestsOfCurl();
    assertThat(requests).hasSizeGreaterThanOrEqualTo(2);
    requests.add(new Shown("/score", scoredBody()));

    for (Shown request : requests) {
      ObjectNode body = (ObjectNode) Service.parse(request.body());
      if (request.path().equals("/generate")) {
        body.put("max_tokens", 3);
      }
      given()
          .contentType(ContentType.JSON)
          .body(body.toString())
          .post(request.path())
          .then()
          .statusCode(200);
    }
  }

  @Test
  void rejectsOtherPathsAndMethodsAsThePageSays() {
    given().get("/nowhere").then().statusCode(404).body("reason", equalTo("not_found"));
    given().get("/generate").then().statusCode(405).body("reason", equalTo("method_not_allowed"));
    assertThat(Pages.page("inference-service/docs/http-api.md").section("Errors").codeSpans())
        .contains("not_found", "method_not_allowed");
  }
}
