package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import folio.inference.api.http.RawConnection.Answer;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.restassured.RestAssured;
import io.vertx.core.net.impl.ConnectionBase;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** A client that does not read its stream. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class SlowReaderTest {
  private static final int TOKENS = 10_000;
  private static final String ID = "slow-reader";

  /** A request whose answer exceeds every socket buffer: 10,000 characters, 20 logprobs each. */
  private static final String BODY =
      "{\"prompt\": \"Hello\", \"max_tokens\": " + TOKENS + ", \"logprobs\": 20, \"seed\": 1}";

  private static final int RECEIVE_BYTES = 4096;

  @Inject WriteQueues queues;

  /** The bytes that are written but not yet accepted by the socket, by request id. */
  @Singleton
  static class WriteQueues {
    private final Map<String, ConnectionBase> connections = new ConcurrentHashMap<>();

    void register(@Observes Filters filters) {
      filters.register(
          http -> {
            String id = http.request().getHeader("X-Request-Id");
            if (ID.equals(id)) {
              connections.put(id, (ConnectionBase) http.request().connection());
            }
            http.next();
          },
          1);
    }

    long bytes(String id) {
      return connections.get(id).channel().unsafe().outboundBuffer().totalPendingWriteBytes();
    }
  }

  @Test
  void boundsMemoryWithoutLossOrStallingOthers() throws IOException {
    Service.awaitReady(RestAssured.port);
    Service service = new Service(RestAssured.port);
    Service.await("no other test's streams", () -> service.metric("folio_requests_running ") == 0);
    try (RawConnection slow = new RawConnection(RestAssured.port, RECEIVE_BYTES);
        RawConnection other = new RawConnection(RestAssured.port)) {
      slow.send(RawConnection.post(BODY, "Accept: text/event-stream", "X-Request-Id: " + ID));
      Service.await("running", () -> service.metric("folio_requests_running ") == 1);
      other.send(RawConnection.post("{\"max_tokens\": 2000}", "Accept: text/event-stream"));
      assertThat(Service.lengthOf(Service.events(other.read().body()))).isEqualTo(2000);
      Service.await("the slot is free", () -> service.metric("folio_requests_running ") == 0);
      long queued = queues.bytes(ID);

      Answer answer = slow.read();

      assertThat(queued).as("the sockets are full, which the test relies on").isPositive();
      assertThat(answer.body().length()).isGreaterThan(4_000_000);
      assertThat(queued).isLessThan(answer.body().length() / 8);
      List<JsonNode> events = Service.events(answer.body());
      assertThat(Service.lengthOf(events)).isEqualTo(TOKENS);
      assertThat(events.stream().mapToInt(event -> event.path("logprobs").size()).sum())
          .isEqualTo(TOKENS);
      assertThat(answer.body()).endsWith("data: [DONE]\n\n");
    }
  }
}
