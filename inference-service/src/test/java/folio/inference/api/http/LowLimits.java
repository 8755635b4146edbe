package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.api.Service;
import folio.inference.api.http.RawConnection.Answer;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.restassured.RestAssured;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;

/** A service whose limits of bodies and connections are so low that a test reaches them. */
abstract class LowLimits {
  static final int MAX_CONNECTIONS = 8;
  static final int MAX_BYTES = 100_000;
  static final Duration IDLE = Duration.ofMillis(500);

  /** Is public because Quarkus makes an object of it. */
  public static final class SmallLimits implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "folio.limits.body-size", String.valueOf(MAX_BYTES),
          "folio.limits.connections", String.valueOf(MAX_CONNECTIONS),
          "folio.limits.max-tokens", "1000000",
          "folio.limits.request-timeout", "0.7S",
          "folio.limits.idle-timeout", IDLE.toString());
    }
  }

  @BeforeEach
  void waitUntilReady() {
    Service.awaitReady(RestAssured.port);
  }

  static RawConnection connect() throws IOException {
    return new RawConnection(RestAssured.port);
  }

  static JsonNode problem(Answer answer, int status, String reason) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.header("X-Request-Id")).isNotEmpty();
    JsonNode problem = Service.parse(answer.body());
    assertThat(problem.get("status").asInt()).isEqualTo(status);
    assertThat(problem.get("reason").asText()).isEqualTo(reason);
    assertThat(problem.get("detail").asText()).isNotEmpty();
    return problem;
  }

  static HttpResponse<String> overHttp2(String body) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                new Service(RestAssured.port).generate(body, "application/json"),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
    return answer;
  }
}
