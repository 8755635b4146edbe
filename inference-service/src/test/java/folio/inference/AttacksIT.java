package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.api.Service;
import folio.inference.api.http.RawConnection;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that would take the packaged service down, and honest ones beside them. */
class AttacksIT {
  private static final String RUNNING = "folio_requests_running ";
  private static final int TOKENS = 10_000;

  /** An answer of many megabytes: far more than sockets buffer. */
  private static final String LARGE =
      "{\"max_tokens\": " + TOKENS + ", \"logprobs\": 20, \"seed\": 1}";

  @TempDir Path folder;
  private final List<RawConnection> attackers = new ArrayList<>();
  private ServiceProcess process;
  private Service service;
  private int port;

  @AfterEach
  void kill() throws IOException {
    for (RawConnection attacker : attackers) {
      attacker.close();
    }
    if (process != null) {
      process.kill();
    }
  }

  private void start(ProcessBuilder command) throws IOException {
    process = ServiceProcess.start(command);
    service = process.service();
    port = process.port();
  }

  private RawConnection attack(String bytes) throws IOException {
    RawConnection attacker = new RawConnection(port, 4096);
    attackers.add(attacker);
    attacker.send(bytes);
    return attacker;
  }

  private void assertHonestStreamIsWhole() throws Exception {
    HttpResponse<String> answer =
        service
            .client()
            .send(
                HttpRequest.newBuilder(
                        service.generate("{\"max_tokens\": 400}", "text/event-stream"),
                        (name, value) -> true)
                    .timeout(Duration.ofSeconds(30))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(Service.lengthOf(Service.events(answer.body()))).isEqualTo(400);
    assertThat(answer.body()).endsWith("data: [DONE]\n\n");
    assertThat(service.get("/q/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void survivesClientsThatDoNotReadInASmallHeap() throws Exception {
    start(ServiceProcess.command(folder, Map.of("JAVA_TOOL_OPTIONS", "-Xmx160m")));
    for (int i = 0; i < 48; i++) {
      attack(RawConnection.post(LARGE, "Accept: text/event-stream"));
    }
    Service.await("evictions", () -> service.metric("folio_client_memory_evictions_total ") > 0);
    assertHonestStreamIsWhole();
    Service.await("no stream runs", () -> service.metric(RUNNING) == 0);

    assertThat(service.metric("folio_client_memory_bytes "))
        .isLessThanOrEqualTo(service.metric("folio_client_memory_max_bytes "));
    int explained = 0;
    for (RawConnection attacker : attackers) {
      explained += reads(attacker).contains("memory budget") ? 1 : 0;
    }
    assertThat(explained).as("streams that end with an error event").isPositive();
    assertHonestStreamIsWhole();
    assertThat(process.process().isAlive()).isTrue();
  }

  /** Returns the answer, or an empty text if the connection was broken off. */
  private static String reads(RawConnection client) {
    try {
      return client.read().body();
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void keepsNothingOfAnsweredRequestsInASmallHeap() throws Exception {
    start(ServiceProcess.command(folder, Map.of("JAVA_TOOL_OPTIONS", "-Xmx160m")));
    StringBuilder requests = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      String head = "X".repeat(3900) + i + " /models HTTP/1.1\r\nHost: x\r\n";
      requests.append(head).append("Content-Length: 2\r\n\r\n{}");
    }
    requests.append("GET /q/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 150; i++) {
      RawConnection flood = attack(requests.toString());
      for (int answer = 0; answer < 100; answer++) {
        assertThat(flood.read().status()).isEqualTo(405);
      }
      assertThat(flood.read().status()).isEqualTo(200);
      flood.close();
    }

    assertHonestStreamIsWhole();
  }

  @Test
  void answersBesideMoreHalfSentRequestsThanFileDescriptors() throws Exception {
    ProcessBuilder command = ServiceProcess.command(folder, Map.of());
    List<String> limited =
        new ArrayList<>(List.of("bash", "-c", "ulimit -n 300; exec \"$@\"", "bash"));
    limited.addAll(command.command());
    start(command.command(limited));
    for (int i = 0; i < 400; i++) {
      attack("POST /generate HTTP/1.1\r\nHost: x\r\nContent-Le");
    }

    assertHonestStreamIsWhole();
    assertThat(process.process().isAlive()).isTrue();
  }
}
