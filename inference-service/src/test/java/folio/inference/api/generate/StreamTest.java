package folio.inference.api.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.Models;
import folio.inference.api.Service;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Streams of {@code POST /generate}, read while the service generates. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class StreamTest {
  private static final String LONG = "{\"prompt\": \"Hello\", \"max_tokens\": 10000, \"seed\": 1}";
  private static final String EVENTS = "text/event-stream";

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  private Service service;

  @BeforeEach
  void serveASlowModel() {
    Service.awaitReady(RestAssured.port);
    service = new Service(RestAssured.port);
    Service.await(
        "the streams of other tests to end", () -> service.metric("folio_requests_running ") == 0);
    Models.serveSlow(checkpoints, 1);
  }

  private HttpResponse<Stream<String>> stream(String body) throws Exception {
    return service
        .client()
        .send(service.generate(body, EVENTS), HttpResponse.BodyHandlers.ofLines());
  }

  @Test
  void streamsCharactersWhileTheRestIsComputed() throws Exception {
    HttpResponse<Stream<String>> response = stream(LONG);
    try (Stream<String> lines = response.body()) {
      Iterator<String> each = lines.iterator();
      String first = each.next();
      double running = service.metric("folio_requests_running ");

      assertThat(first).startsWith("data: {\"index\":0,\"text\":\"");
      assertThat(running).isEqualTo(1);
      List<String> rest = new ArrayList<>(List.of(first));
      each.forEachRemaining(rest::add);
      List<JsonNode> events =
          rest.stream()
              .filter(line -> line.startsWith("data: {"))
              .map(line -> Service.parse(line.substring(6)))
              .toList();
      JsonNode last = events.get(events.size() - 1);
      assertThat(events.size()).isGreaterThan(50);
      assertThat(last.get("finish_reason").asText()).isEqualTo("length");
      assertThat(last.get("usage").get("completion_tokens").asInt()).isEqualTo(10_000);
      assertThat(last.get("model_version").asText())
          .isEqualTo(response.headers().firstValue("X-Model-Version").orElseThrow());
      int characters = events.stream().mapToInt(event -> event.get("text").asText().length()).sum();
      assertThat(characters).isEqualTo(10_000);
      assertThat(rest).endsWith("data: [DONE]", "");
    }
  }

  @Test
  void aClientThatDisconnectsFreesItsSlot() throws Exception {
    double before = service.metric("folio_requests_total{finish_reason=\"cancelled\"}");
    HttpResponse<InputStream> response =
        service
            .client()
            .send(service.generate(LONG, EVENTS), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.body().read()).isEqualTo('d');
    response.body().close();

    Service.await(
        "the request to be cancelled",
        () -> service.metric("folio_requests_total{finish_reason=\"cancelled\"}") == before + 1);
    Service.await("every slot to be free", () -> service.metric("folio_requests_running ") == 0);
  }

  @Test
  void aClientThatDisconnectsBeforeItsAnswerFreesItsSlot() throws Exception {
    double before = service.metric("folio_requests_total{finish_reason=\"cancelled\"}");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), RestAssured.port)) {
      String request =
          "POST /generate HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n"
              + "Content-Type: application/json\r\nContent-Length: "
              + LONG.length()
              + "\r\n\r\n"
              + LONG;
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      Service.await("the request to run", () -> service.metric("folio_requests_running ") == 1);
    }

    Service.await(
        "the request to be cancelled",
        () -> service.metric("folio_requests_total{finish_reason=\"cancelled\"}") == before + 1);
  }

  @Test
  void rejectsRequestsWhenTheQueueIsFull() throws Exception {
    int capacity = 40 + 8; // the slots and the queue capacity in application.properties
    List<CompletableFuture<HttpResponse<InputStream>>> streams = new ArrayList<>();
    for (int i = 0; i < capacity + 20; i++) {
      streams.add(
          service
              .client()
              .sendAsync(
                  service.generate(LONG, EVENTS), HttpResponse.BodyHandlers.ofInputStream()));
    }
    Service.await(
        "a rejection",
        () -> service.metric("folio_requests_rejected_total{reason=\"queue_full\"}") > 0);
    HttpResponse<InputStream> rejected = null;
    while (rejected == null) {
      for (CompletableFuture<HttpResponse<InputStream>> each : streams) {
        if (each.isDone() && each.join().statusCode() != 200) {
          rejected = each.join();
        }
      }
    }
    assertThat(rejected.statusCode()).isEqualTo(429);
    assertThat(rejected.headers().firstValue("Retry-After")).isPresent();
    assertThat(new String(rejected.body().readAllBytes(), StandardCharsets.UTF_8))
        .contains("\"reason\":\"queue_full\"", "the queue is full (8 requests)");

    for (CompletableFuture<HttpResponse<InputStream>> each : streams) {
      if (!each.cancel(true)) {
        each.join().body().close();
      }
    }
    Service.await("every slot to be free", () -> service.metric("folio_requests_running ") == 0);
    Service.await("the queue to be empty", () -> service.metric("folio_requests_waiting ") == 0);
  }
}
