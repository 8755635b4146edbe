package folio.inference.observability;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client that invents methods and paths adds no meters and hides no endpoint. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class HttpMetricLabelsTest {
  /** More than Quarkus's own bound on the values of {@code uri}, which is 100. */
  private static final int INVENTED = 150;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private Service service;

  @BeforeEach
  void waitUntilReady() {
    Service.awaitReady(RestAssured.port);
    service = new Service(RestAssured.port);
  }

  private int status(String method, String path, String contentType)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://localhost:" + RestAssured.port + path);
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .method(method, BodyPublishers.noBody())
            .header("Content-Type", contentType)
            .build();
    return client.send(request, BodyHandlers.discarding()).statusCode();
  }

  /** Returns the values of a label of the metric of HTTP requests. */
  private Set<String> values(String label) {
    Pattern sample =
        Pattern.compile("http_server_requests_seconds_count\\{.*?\\b" + label + "=\"([^\"]*)\"");
    Set<String> values = new TreeSet<>();
    sample
        .matcher(service.get("/metrics").body())
        .results()
        .forEach(result -> values.add(result.group(1)));
    return values;
  }

  @Test
  void boundsMethodsAndPaths() throws IOException, InterruptedException {
    for (int i = 0; i < INVENTED; i++) {
      assertThat(status("INVENTED" + i, "/models", "text/plain")).isEqualTo(405);
      assertThat(status("POST", "/invented" + i, "nonsense")).isEqualTo(415);
    }
    assertThat(service.get("/parameters").statusCode()).isEqualTo(200);
    assertThat(service.get("/models").statusCode()).isEqualTo(200);

    assertThat(values("method"))
        .contains("GET", HttpMetricLabels.OTHER)
        .noneMatch(method -> method.startsWith("INVENTED"));
    assertThat(values("uri"))
        .contains("/parameters", "/models", HttpMetricLabels.OTHER)
        .noneMatch(uri -> uri.startsWith("/invented"));
  }

  @Test
  void knowsThePathsOfTheOpenApiDocument() {
    Set<String> paths = new TreeSet<>();
    Service.parse(service.get("/q/openapi?format=json").body())
        .get("paths")
        .fieldNames()
        .forEachRemaining(paths::add);

    assertThat(paths).contains("/generate");
    assertThat(HttpMetricLabels.URIS).containsAll(paths);
  }

  @Test
  void hasNoHealthGroups() {
    for (int i = 0; i < INVENTED; i++) {
      assertThat(service.get("/q/health/group/invented" + i).statusCode()).isEqualTo(404);
    }
    assertThat(service.get("/q/health/ready").statusCode()).isEqualTo(200);
  }
}
