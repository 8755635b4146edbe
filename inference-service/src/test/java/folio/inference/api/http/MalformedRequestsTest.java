package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.RecordedErrors;
import folio.inference.api.Service;
import folio.inference.api.http.RawConnection.Answer;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that contradict themselves, and those of HTTP/1.0. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class MalformedRequestsTest {
  private static final String BODY = "{\"max_tokens\": 3, \"seed\": 1}";

  @BeforeEach
  void waitUntilReady() {
    Service.awaitReady(RestAssured.port);
  }

  private static RawConnection connect() throws IOException {
    return new RawConnection(RestAssured.port);
  }

  private static String head(String path, String... lines) {
    return "POST " + path + " HTTP/1.1\r\n" + String.join("\r\n", lines) + "\r\n\r\n";
  }

  /** Sends a request and returns the problem that answers it; the connection must then end. */
  private static Answer rejection(String request) throws IOException {
    try (RecordedErrors errors = new RecordedErrors();
        RawConnection client = connect()) {
      client.send(request);
      Answer answer = client.read();
      assertThat(client.readToEnd()).isEmpty();
      assertThat(errors.messages()).isEmpty();
      return answer;
    }
  }

  private static void assertProblem(Answer answer, int status, String reason, String field) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    JsonNode problem = Service.parse(answer.body());
    assertThat(problem.get("status").asInt()).isEqualTo(status);
    assertThat(problem.get("reason").asText()).isEqualTo(reason);
    assertThat(problem.get("field").asText()).isEqualTo(field);
    assertThat(problem.get("detail").asText()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "GET", "DELETE"})
  void rejectsARequestWithoutAHost(String method) throws IOException {
    String head = method + " /generate HTTP/1.1\r\nContent-Type: application/json\r\n";

    Answer answer = rejection(head + "Content-Length: " + BODY.length() + "\r\n\r\n" + BODY);

    assertProblem(answer, 400, "malformed_request", "Host");
    assertThat(answer.header("X-Request-Id")).isNotEmpty();
  }

  @Test
  void rejectsARequestWithoutAHostInOpenAisShapeBelowV1() throws IOException {
    Answer answer = rejection(head("/v1/completions", "Content-Length: 0"));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(Service.parse(answer.body()).at("/error/param").asText()).isEqualTo("Host");
  }

  @ParameterizedTest
  @CsvSource({
    "Host: y, 400, malformed_request, Host",
    "Host: x, 400, malformed_request, Host",
    "Authorization: Bearer a|Authorization: Bearer b, 400, malformed_request, Authorization",
    "Authorization: Bearer a|Authorization: Bearer a, 400, malformed_request, Authorization"
  })
  void rejectsARepeatedHeader(String headers, int status, String reason, String field)
      throws IOException {
    Answer answer = rejection(RawConnection.post(BODY, headers.split("\\|")));

    assertProblem(answer, status, reason, field);
  }

  @ParameterizedTest
  @ValueSource(strings = {"xchunked", "gzip, chunked", "identity", "chunked, chunked"})
  void rejectsAnUnknownTransferEncoding(String coding) throws IOException {
    Answer answer =
        rejection(
            RawConnection.head("Transfer-Encoding: " + coding)
                + "\r\n"
                + RawConnection.chunk(BODY)
                + RawConnection.chunk(""));

    assertProblem(answer, 501, "unknown_transfer_encoding", "Transfer-Encoding");
    assertThat(Service.parse(answer.body()).get("value").asText()).isEqualTo(coding);
  }

  @ParameterizedTest
  @ValueSource(strings = {"zz\r\n{}\r\n0\r\n\r\n", "-1\r\n\r\n", "2\r\n{}xx0\r\n\r\n"})
  void rejectsABodyOfBadChunks(String chunks) throws IOException {
    Answer answer = rejection(RawConnection.head("Transfer-Encoding: chunked") + "\r\n" + chunks);

    assertProblem(answer, 400, "malformed_request", "the body");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/event-stream", "text/plain", "application/json"})
  void anAnswerToHttp10EndsWithTheConnection(String accept) throws IOException {
    try (RawConnection client = connect()) {
      client.send(
          RawConnection.post(BODY, "Connection: keep-alive", "Accept: " + accept)
              .replace("HTTP/1.1", "HTTP/1.0"));

      String head = client.readHead();
      assertThat(head).contains(" 200 ").containsIgnoringCase("connection: close");
      assertThat(head).doesNotContainIgnoringCase("transfer-encoding");
      String body = client.readToEnd();
      assertThat(body).isNotEmpty();
      if (accept.equals("text/event-stream")) {
        assertThat(body).endsWith("data: [DONE]\n\n");
      }
    }
  }

  @Test
  void aRequestOfHttp10NeedsNoHost() throws IOException {
    try (RawConnection client = connect()) {
      client.send("GET /models HTTP/1.0\r\n\r\n");

      assertThat(client.read().status()).isEqualTo(200);
    }
  }
}
