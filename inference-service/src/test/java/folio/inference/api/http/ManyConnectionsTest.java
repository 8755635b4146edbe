package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import folio.inference.api.http.RawConnection.Answer;
import folio.inference.api.problem.Problem;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** More clients at once than slots and queue capacity. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class ManyConnectionsTest {
  private static final int CLIENTS = 1000;
  private static final int TOKENS = 1000;

  /** The slots and the queue capacity of the test profile in application.properties. */
  private static final int CAPACITY = 40 + 8;

  @Test
  void givesEachOfAThousandClientsACompleteAnswerOr429() throws IOException {
    Service.awaitReady(RestAssured.port);
    Service service = new Service(RestAssured.port);
    Service.await("no other test's streams", () -> service.metric("folio_requests_running ") == 0);
    double finished = service.metric("folio_requests_total{finish_reason=\"length\"}");
    double rejected = rejected(service);

    List<Answer> answers = answers();

    List<Answer> completed = answers.stream().filter(answer -> answer.status() == 200).toList();
    List<Answer> rejections = answers.stream().filter(answer -> answer.status() == 429).toList();
    assertThat(completed.size() + rejections.size()).isEqualTo(CLIENTS);
    assertThat(completed).hasSizeGreaterThanOrEqualTo(CAPACITY).allSatisfy(this::assertCompleted);
    assertThat(rejections).isNotEmpty().allSatisfy(this::assertRetryLater);
    assertThat(service.metric("folio_requests_total{finish_reason=\"length\"}") - finished)
        .isEqualTo(completed.size());
    assertThat(rejected(service) - rejected).isEqualTo(rejections.size());
  }

  /** Connects all clients, then sends all requests, then reads all answers. */
  private static List<Answer> answers() throws IOException {
    List<RawConnection> clients = new ArrayList<>();
    try {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(new RawConnection(RestAssured.port));
      }
      for (RawConnection client : clients) {
        client.send(
            RawConnection.post("{\"max_tokens\": " + TOKENS + "}", "Accept: text/event-stream"));
      }
      List<Answer> answers = new ArrayList<>();
      for (RawConnection client : clients) {
        answers.add(client.read());
      }
      return answers;
    } finally {
      for (RawConnection client : clients) {
        client.close();
      }
    }
  }

  private static double rejected(Service service) {
    return service.metric("folio_requests_rejected_total{reason=\"queue_full\"}")
        + service.metric("folio_requests_rejected_total{reason=\"queue_timeout\"}");
  }

  private void assertCompleted(Answer answer) {
    assertThat(answer.body()).endsWith("data: [DONE]\n\n");
    List<JsonNode> events = Service.events(answer.body());
    assertThat(events.get(events.size() - 1).get("finish_reason").asText()).isEqualTo("length");
    assertThat(Service.lengthOf(events)).isEqualTo(TOKENS);
  }

  private void assertRetryLater(Answer answer) {
    assertThat(answer.header("Content-Type")).isEqualTo(Problem.MEDIA_TYPE);
    assertThat(Integer.parseInt(answer.header("Retry-After"))).isPositive();
    JsonNode problem = Service.parse(answer.body());
    assertThat(problem.get("status").asInt()).isEqualTo(429);
    assertThat(problem.get("reason").asText()).isIn("queue_full", "queue_timeout");
  }
}
