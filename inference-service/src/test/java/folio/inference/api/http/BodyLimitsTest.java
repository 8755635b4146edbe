package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import folio.inference.api.http.RawConnection.Answer;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The limits of bodies. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@TestProfile(LowLimits.SmallLimits.class)
@Tag("slow")
class BodyLimitsTest extends LowLimits {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void rejectsABodyThatIsTooLarge(boolean chunked) throws IOException {
    String body = "{\"prompt\": \"" + "a".repeat(MAX_BYTES) + "\"}";
    try (RawConnection client = connect()) {
      client.send(
          chunked
              ? RawConnection.head("Transfer-Encoding: chunked")
                  + "\r\n"
                  + RawConnection.chunk(body)
                  + RawConnection.chunk(body)
                  + RawConnection.chunk("")
              : RawConnection.post(body));

      JsonNode problem = problem(client.read(), 413, "body_too_large");
      assertThat(problem.get("legal").asText()).isEqualTo("up to " + MAX_BYTES + " bytes");
      assertThat(problem.get("value").asText())
          .isEqualTo(chunked ? "more than " + MAX_BYTES + " bytes" : body.length() + " bytes");
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void rejectsABodyThatIsTooLargeOverHttp2() throws Exception {
    HttpResponse<String> answer = overHttp2("{\"prompt\": \"" + "a".repeat(MAX_BYTES) + "\"}");

    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(answer.body()).contains("\"reason\":\"body_too_large\"");
  }

  @Test
  void readsABodyOfManyChunks() throws IOException {
    try (RawConnection client = connect()) {
      client.send(RawConnection.head("Transfer-Encoding: chunked", "Accept: application/json"));
      client.send("\r\n" + RawConnection.chunk("{\"prompt\": \"" + "\\u0061".repeat(5000)));
      client.send(RawConnection.chunk("\", ") + RawConnection.chunk("\"max_tokens\": 3}"));
      client.send(RawConnection.chunk(""));

      Answer answer = client.read();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(Service.parse(answer.body()).get("usage").get("prompt_tokens").asInt())
          .isEqualTo(5000);
    }
  }

  @Test
  void answersPipelinedRequestsInOrder() throws IOException {
    String first = RawConnection.post("{\"max_tokens\": 3}", "Accept: application/json");
    String second = RawConnection.post("{\"max_tokens\": 4}", "Accept: application/json");
    try (RawConnection client = connect()) {
      client.send(first + second);

      for (int tokens : List.of(3, 4)) {
        Answer answer = client.read();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(Service.parse(answer.body()).get("usage").get("completion_tokens").asInt())
            .isEqualTo(tokens);
      }
    }
  }

  @Test
  void answersExpectContinue() throws IOException {
    String body = "{\"max_tokens\": 3}";
    try (RawConnection client = connect()) {
      client.send(
          RawConnection.head("Content-Length: " + body.length(), "Expect: 100-continue") + "\r\n");
      assertThat(client.readHead()).startsWith("HTTP/1.1 100 Continue");
      client.send(body);

      assertThat(client.read().status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void rejectsABodyThatNeverEnds(boolean sendsSlowly) throws IOException {
    try (RawConnection client = connect()) {
      client.send(RawConnection.head("Content-Length: 5000") + "\r\n{");
      if (sendsSlowly) {
        Service.await("an answer", () -> client.hasAnswerOrSend(" "));
      }

      JsonNode problem = problem(client.read(), 408, "request_timeout");
      assertThat(problem.get("legal").asText()).isEqualTo("all of it within 0.7 seconds");
      assertThat(client.isEnded()).isTrue();
    }
  }
}
