package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.api.Service;
import folio.model.storage.Sha256;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service with a file of keys. */
class KeysIT {
  private static final String JSON = "application/json";
  private static final String SHORT = "{\"max_tokens\": 3}";

  @TempDir Path folder;
  private Path keys;
  private Process process;
  private Service service;

  @AfterEach
  void kill() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private void start() throws Exception {
    keys = folder.resolve("keys.json");
    write("secret", "\"concurrent_requests\": 1");
    ServiceProcess started =
        ServiceProcess.start(
            folder.resolve("checkpoints"),
            Map.of("FOLIO_KEYS", keys.toString(), "FOLIO_LIMITS_MAX_TOKENS", "10000000"));
    process = started.process();
    service = started.service();
  }

  private void write(String key, String limit) throws Exception {
    String digest = Sha256.hex(key.getBytes(StandardCharsets.UTF_8));
    Path next = folder.resolve("next.json");
    Files.writeString(
        next, "[{\"name\": \"ada\", \"sha256\": \"%s\", %s}]".formatted(digest, limit));
    Files.move(next, keys, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private <T> HttpResponse<T> send(
      HttpRequest request, String key, HttpResponse.BodyHandler<T> body) {
    try {
      HttpRequest.Builder builder = HttpRequest.newBuilder(request, (name, value) -> true);
      if (key != null) {
        builder.header("Authorization", "Bearer " + key);
      }
      return service.client().send(builder.build(), body);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private HttpResponse<String> generate(String key) {
    return send(service.generate(SHORT, JSON), key, HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void whoHasNoKeyIsTurnedAwayAndTheOthersAreCounted() throws Exception {
    start();
    HttpResponse<String> refused = generate(null);
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Bearer");
    assertThat(Service.parse(refused.body()).get("reason").asText()).isEqualTo("unauthorized");
    assertThat(generate("wrong").statusCode()).isEqualTo(401);
    for (String path : new String[] {"/models", "/checkpoints", "/v1/models"}) {
      assertThat(service.get(path).statusCode()).as(path).isEqualTo(401);
    }
    // RESTEasy decodes what stands before a semicolon.
    for (String path :
        new String[] {
          "/v1%2Fmodels;",
          "/models%2F;",
          "/checkpoints%2F;x",
          "/models;a=b",
          "/q/../models",
          "/page/..%2Fmodels;",
          "/parameters;x",
          "/q/%2e%2e/models"
        }) {
      assertThat(service.get(path).statusCode()).as(path).isEqualTo(401);
    }
    for (String path :
        new String[] {
          "/",
          "/page/main.js",
          "/q/openapi",
          "/q/swagger-ui/",
          "/parameters",
          "/q/health/ready",
          "/metrics"
        }) {
      assertThat(service.get(path).statusCode()).as(path).isEqualTo(200);
    }
    assertThat(service.get("/v1/models").body()).contains("\"error\"");
    assertThat(generate("secret").statusCode()).isEqualTo(200);

    assertThat(service.get("/metrics").body())
        .contains("folio_key_requests_total{client=\"ada\",outcome=\"admitted\"} 1.0")
        .contains("folio_key_requests_total{client=\"\",outcome=\"unauthorized\"} 14.0")
        .doesNotContain("secret");
  }

  @Test
  void aClientThatGoesAwayGivesItsPlaceBack() throws Exception {
    start();
    HttpResponse<Stream<String>> running =
        send(
            service.generate("{\"max_tokens\": 10000000}", "text/event-stream"),
            "secret",
            HttpResponse.BodyHandlers.ofLines());
    assertThat(running.body().iterator().next()).startsWith("data: {");
    HttpResponse<String> refused = generate("secret");
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    assertThat(refused.body()).contains("ada may have 1 answered at a time");

    running.body().close();
    Service.await("a place", () -> generate("secret").statusCode() == 200);
  }

  @Test
  void aNewFileCountsWithoutARestart() throws Exception {
    start();
    assertThat(generate("secret").statusCode()).isEqualTo(200);
    write("rotated", "\"requests_per_second\": 0.001");
    Service.await("the new key", () -> generate("secret").statusCode() == 401);

    assertThat(generate("rotated").statusCode()).isIn(200, 429);
    HttpResponse<String> refused = generate("rotated");
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body()).contains("ada may send 0.001 a second");
  }

  @Test
  void aBrowserMayAskWhetherItMayAskWithoutAKey() throws Exception {
    keys = folder.resolve("keys.json");
    write("secret", "\"concurrent_requests\": 1");
    ServiceProcess started =
        ServiceProcess.start(
            folder.resolve("checkpoints"),
            Map.of(
                "FOLIO_KEYS",
                keys.toString(),
                "QUARKUS_HTTP_CORS_ENABLED",
                "true",
                "QUARKUS_HTTP_CORS_ORIGINS",
                "https://reader.example"));
    process = started.process();
    service = started.service();
    HttpRequest preflight =
        HttpRequest.newBuilder(service.generate(SHORT, JSON).uri())
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
            .header("Origin", "https://reader.example")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,content-type")
            .build();

    HttpResponse<String> may = send(preflight, null, HttpResponse.BodyHandlers.ofString());
    assertThat(may.statusCode()).isEqualTo(200);
    assertThat(may.headers().firstValue("Access-Control-Allow-Origin"))
        .contains("https://reader.example");
    assertThat(generate(null).statusCode()).isEqualTo(401);
    assertThat(generate("secret").headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
  }

  @Test
  void anEmptySettingIsNotTakenForNone() throws Exception {
    String log = ServiceProcess.refuseToStart(folder, Map.of("FOLIO_KEYS", ""));

    assertThat(log).contains("folio.keys is empty; legal is a file");
  }

  @Test
  void aFileThatCannotBeUsedIsNoWayToStart() throws Exception {
    keys = Files.writeString(folder.resolve("keys.json"), "[{}]");
    String log = ServiceProcess.refuseToStart(folder, Map.of("FOLIO_KEYS", keys.toString()));

    assertThat(log).contains("keys.json, line 1: legal is a JSON array");
  }
}
