package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Models;
import folio.inference.api.Service;
import folio.inference.api.http.RawConnection.Answer;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The limits of connections: their number, and the time that they may be idle. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@TestProfile(LowLimits.SmallLimits.class)
@Tag("slow")
class ConnectionLimitsTest extends LowLimits {
  /** A request that takes the slow model longer than the idle timeout. */
  private static final String SLOW = "{\"max_tokens\": 5000}";

  private static final String ENDLESS = "{\"max_tokens\": 1000000}";

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  @Test
  void closesAConnectionWhoseHeadersNeverEnd() throws IOException {
    try (RawConnection silent = connect();
        RawConnection halfway = connect()) {
      halfway.send(RawConnection.head("Content-Length: 5000"));

      assertThat(halfway.isEnded()).isTrue();
      assertThat(silent.isEnded()).isTrue();
    }
  }

  @Test
  void closesAnIdleConnectionBetweenTwoRequests() throws IOException {
    try (RawConnection client = connect()) {
      client.send(RawConnection.post("{\"max_tokens\": 3}", "Accept: application/json"));
      assertThat(client.read().status()).isEqualTo(200);
      client.send(RawConnection.post("{\"max_tokens\": 3}", "Accept: application/json"));
      assertThat(client.read().status()).isEqualTo(200);

      assertThat(client.isEnded()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "text/event-stream"})
  void keepsAConnectionWhoseAnswerExceedsTheIdleTimeout(String accept) throws IOException {
    Models.serveSlow(checkpoints, 1);
    long begin = System.nanoTime();
    try (RawConnection client = connect()) {
      client.send(RawConnection.post(SLOW, "Accept: " + accept));

      Answer answer = client.read();
      assertThat(System.nanoTime() - begin)
          .as("the answer takes longer than the idle timeout, which the test relies on")
          .isGreaterThan(IDLE.toNanos());
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).contains("\"completion_tokens\":5000");
    }
  }

  @Test
  void keepsAConnectionThatItsFirstRequestUpgradesToHttp2() throws Exception {
    Models.serveSlow(checkpoints, 1);

    HttpResponse<String> answer = overHttp2(SLOW);

    assertThat(Duration.ofNanos((long) (1e9 * seconds(answer.body())))).isGreaterThan(IDLE);
    assertThat(answer.body()).contains("\"completion_tokens\":5000");
  }

  private static double seconds(String answer) {
    return Service.parse(answer).get("metrics").get("duration_seconds").asDouble();
  }

  @Test
  void closesTheConnectionOfAClientThatDoesNotRead() throws IOException {
    Models.serveSlow(checkpoints, 1);
    Service service = new Service(RestAssured.port);
    double cancelled = service.metric("folio_requests_total{finish_reason=\"cancelled\"}");
    try (RawConnection client = new RawConnection(RestAssured.port, 4096)) {
      client.send(
          RawConnection.post(
              "{\"max_tokens\": 10000, \"logprobs\": 20}", "Accept: text/event-stream"));

      Service.await(
          "the request is cancelled",
          () ->
              service.metric("folio_requests_total{finish_reason=\"cancelled\"}") == cancelled + 1);
      assertThatThrownBy(client::read)
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void closesTheConnectionOfAClientThatReadsTooSlowly() throws IOException {
    Models.serveSlow(checkpoints, 1);
    Service service = new Service(RestAssured.port);
    String metric = "folio_requests_total{finish_reason=\"cancelled\"}";
    double cancelled = service.metric(metric);
    try (RawConnection client = new RawConnection(RestAssured.port, 4096)) {
      client.send(
          RawConnection.post(
              "{\"max_tokens\": 10000, \"logprobs\": 20}", "Accept: text/event-stream"));

      // 256 bytes at each poll, every 5 ms or more, are less than the 32 KiB in 0.5 s that a client
      // must read. But bytes move all the time, so that the connection is never idle.
      Service.await(
          "the request is cancelled",
          () -> !client.receives(256) || service.metric(metric) == cancelled + 1);
    }
    Service.await("cancelled", () -> service.metric(metric) == cancelled + 1);
  }

  @Test
  void slowBodiesDoNotKeepOthersOut() throws IOException {
    List<RawConnection> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 3 * MAX_CONNECTIONS; i++) {
        RawConnection client = connect();
        slow.add(client);
        client.send(RawConnection.head("Content-Length: 5000") + "\r\n{");
        assertThat(acceptsARequest()).as("beside %d slow bodies", i + 1).isTrue();
      }
    } finally {
      for (RawConnection client : slow) {
        client.close();
      }
    }
  }

  @Test
  void rejectsConnectionsAboveTheLimit() throws Exception {
    Models.serveSlow(checkpoints, 1);
    Service service = new Service(RestAssured.port);
    List<RawConnection> clients = new ArrayList<>();
    try {
      // Connections of earlier tests count until their idle timeout.
      AtomicInteger accepted = new AtomicInteger();
      Service.await(
          "endless streams up to the connection limit",
          () -> isAccepted(clients) && accepted.incrementAndGet() == MAX_CONNECTIONS);
      Answer answer = connectAndSend(clients).read();
      JsonNode problem = problem(answer, 503, "too_many_connections");
      assertThat(problem.get("legal").asText()).isEqualTo("up to " + MAX_CONNECTIONS);
      assertThat(answer.header("Retry-After")).isEqualTo("1");
      assertThat(clients.get(clients.size() - 1).isEnded()).isTrue();
      assertThat(overHttp2("{}").statusCode()).isEqualTo(503);
      assertThat(service.get("/q/health/live").statusCode()).isEqualTo(200);
    } finally {
      for (RawConnection client : clients) {
        client.close();
      }
    }
    Service.await("a connection is accepted", () -> acceptsARequest());
  }

  /** Connects one more client and returns whether its stream begins; the stream never ends. */
  private static boolean isAccepted(List<RawConnection> clients) {
    try {
      return connectAndSend(clients).readHead().startsWith("HTTP/1.1 200 ");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RawConnection connectAndSend(List<RawConnection> clients) throws IOException {
    RawConnection client = connect();
    clients.add(client);
    // Plain text is so short that the unread connection stays writable during the test.
    client.send(RawConnection.post(ENDLESS, "Accept: text/plain"));
    return client;
  }

  private static boolean acceptsARequest() {
    try (RawConnection client = connect()) {
      client.send(RawConnection.post("{\"max_tokens\": 1}", "Accept: application/json"));
      return client.read().status() == 200;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
