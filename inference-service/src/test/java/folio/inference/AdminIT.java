package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin server of the packaged service. */
class AdminIT {
  @TempDir Path folder;
  private Process process;
  private Service service;
  private int port;

  @AfterEach
  void kill() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private void start() throws IOException {
    start(Map.of());
  }

  private void start(Map<String, String> settings) throws IOException {
    Map<String, String> all = new HashMap<>(settings);
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    all.put("FOLIO_ADMIN_PORT", String.valueOf(port));
    ServiceProcess started = ServiceProcess.start(folder, all);
    process = started.process();
    service = started.service();
  }

  private HttpResponse<String> post(String path) throws Exception {
    return service
        .client()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private void awaitCurrent(String version) {
    Service.await(
        version + " is current",
        () -> {
          for (JsonNode model : Service.parse(service.get("/models").body())) {
            if (model.path("state").asText().equals("current")) {
              return model.path("version").asText().equals(version);
            }
          }
          return false;
        });
  }

  @Test
  void activatesAVersionAndRollsBack() throws Exception {
    CheckpointStore store = new CheckpointStore(folder);
    String older = TestCheckpoints.publishCurrent(store, 1);
    String newer = TestCheckpoints.publishCurrent(store, 2);
    start();
    awaitCurrent(newer);

    HttpResponse<String> rollback = post("/rollback");
    assertThat(rollback.statusCode()).as(rollback.body()).isEqualTo(200);
    assertThat(rollback.body()).contains(older);
    awaitCurrent(older);
    assertThat(store.current()).contains(older);

    HttpResponse<String> nothingOlder = post("/rollback");
    assertThat(nothingOlder.statusCode()).isEqualTo(409);
    assertThat(nothingOlder.body()).contains("no checkpoint is older than " + older);

    assertThat(post("/models/" + newer + "/activate").statusCode()).isEqualTo(200);
    awaitCurrent(newer);

    HttpResponse<String> unknown = post("/models/20200101T000000Z-00000000/activate");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(unknown.body()).contains("\"field\":\"version\"");
    assertThat(store.current()).contains(newer);
  }

  @Test
  void suggestsPromoteWhenTheStoreIsReadOnly() throws Exception {
    CheckpointStore store = new CheckpointStore(folder);
    String version = TestCheckpoints.publishCurrent(store, 1);
    // A folder in the place of the lock file makes the store read-only, even for root.
    Files.deleteIfExists(folder.resolve(".lock"));
    Files.createDirectory(folder.resolve(".lock"));
    start();

    HttpResponse<String> rejected = post("/models/" + version + "/activate");
    assertThat(rejected.statusCode()).isEqualTo(409);
    assertThat(rejected.body()).contains("checkpoints promote " + version);
  }

  @Test
  void drainsAndUndrains() throws Exception {
    start();
    HttpResponse<String> draining = post("/drain");
    assertThat(draining.statusCode()).isEqualTo(200);
    assertThat(Service.parse(draining.body()).get("running").asInt()).isZero();

    Service.await("not ready", () -> service.get("/q/health/ready").statusCode() == 503);
    HttpResponse<String> rejected =
        service
            .client()
            .send(service.generate("{}", "application/json"), HttpResponse.BodyHandlers.ofString());
    assertThat(rejected.statusCode()).isEqualTo(503);
    assertThat(Service.parse(rejected.body()).get("reason").asText()).isEqualTo("draining");
    assertThat(service.get("/q/health/live").statusCode()).isEqualTo(200);

    HttpResponse<String> accepting = post("/undrain");
    assertThat(accepting.statusCode()).isEqualTo(200);
    assertThat(Service.parse(accepting.body()).get("draining").asBoolean()).isFalse();
    Service.await("ready", () -> service.get("/q/health/ready").statusCode() == 200);
  }

  /** A page of another site sends its Origin; one with a rebound name sends that name as Host. */
  @Test
  void obeysNoWebPage() throws Exception {
    start();
    String page = "Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n";
    String local = "POST /drain HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    assertThat(statusLine(local + "Origin: https://example.org\r\n" + page)).contains("403");
    assertThat(statusLine(local + "Origin: null\r\n" + page)).contains("403");
    assertThat(statusLine("POST /drain HTTP/1.1\r\nHost: rebound.example.org\r\n" + page))
        .contains("403");
    assertThat(service.get("/q/health/ready").statusCode()).isEqualTo(200);

    assertThat(statusLine(local + page)).contains("200");
    assertThat(service.get("/q/health/ready").statusCode()).isEqualTo(503);
  }

  private String statusLine(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }

  @Test
  void rejectsATokenThatIsTooShort() throws Exception {
    String log = ServiceProcess.startAndFail(folder, Map.of("FOLIO_ADMIN_TOKEN", "tooshort"));

    assertThat(log)
        .contains("the length of folio.admin.token is 8; it must be 16 to 1024")
        .doesNotContain("tooshort");
  }

  @Test
  void requiresTheToken() throws Exception {
    String token = "0123456789abcdef";
    start(Map.of("FOLIO_ADMIN_TOKEN", token));
    String drain = "POST /drain HTTP/1.1\r\nHost: admin.example.org\r\nContent-Length: 0\r\n";
    assertThat(statusLine(drain + "\r\n")).contains("401");
    assertThat(statusLine(drain + "Authorization: Bearer " + token + "0\r\n\r\n")).contains("401");
    assertThat(statusLine(drain + "Authorization: Bearer " + token + "\r\n\r\n")).contains("200");
    assertThat(statusLine(drain + "Authorization: bearer " + token + "\r\n\r\n")).contains("200");
  }

  @Test
  void reportsThatThePortIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      String number = String.valueOf(taken.getLocalPort());
      String log =
          ServiceProcess.startAndFail(
              folder, Map.of("FOLIO_ADMIN_PORT", number, "FOLIO_ADMIN_HOST", "0.0.0.0"));

      assertThat(log)
          .contains("folio.admin.port is " + number + ", but the server cannot listen on it");
    }
  }

  @Test
  void isOffUnlessAPortIsSet() throws Exception {
    ServiceProcess started = ServiceProcess.start(folder, Map.of());
    process = started.process();
    service = started.service();
    HttpRequest request =
        HttpRequest.newBuilder(service.generate("{}", "application/json"), (name, value) -> false)
            .build();
    URI drain = request.uri().resolve("/drain");
    assertThat(
            service
                .client()
                .send(
                    HttpRequest.newBuilder(drain).POST(HttpRequest.BodyPublishers.noBody()).build(),
                    HttpResponse.BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(404);
    assertThat(service.get("/q/health/ready").statusCode()).isEqualTo(200);
  }
}
