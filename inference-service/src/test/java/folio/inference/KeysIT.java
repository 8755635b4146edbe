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
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service with a key file. */
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
    Files.move(next, keys, StandardCopyOption.REPLACE_EXISTING);
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
  void reportsAMissingFileInOneLine() throws Exception {
    String log =
        ServiceProcess.startAndFail(
            folder.resolve("checkpoints"), Map.of("FOLIO_KEYS", folder + "/missing.json"));

    assertThat(log)
        .contains("missing.json cannot be read: it does not exist")
        .doesNotContain("\tat ");
  }

  @Test
  void warnsOfAMisspeltSetting() throws Exception {
    String log =
        ServiceProcess.startAndFail(
            folder.resolve("checkpoints"), Map.of("FOLIO_SLOTZ", "3", "FOLIO_SLOTS", "0"));

    assertThat(log).contains("WARN").contains("variable=FOLIO_SLOTZ nearest=FOLIO_SLOTS");
  }

  @Test
  void rejectsRequestsWithoutAKeyAndCountsTheOthers() throws Exception {
    start();
    HttpResponse<String> rejected = generate(null);
    assertThat(rejected.statusCode()).isEqualTo(401);
    assertThat(rejected.headers().firstValue("WWW-Authenticate")).contains("Bearer");
    assertThat(Service.parse(rejected.body()).get("reason").asText()).isEqualTo("unauthorized");
    assertThat(generate("wrong").statusCode()).isEqualTo(401);
    for (String path : new String[] {"/models", "/checkpoints", "/v1/models"}) {
      assertThat(service.get(path).statusCode()).as(path).isEqualTo(401);
    }
    // RESTEasy decodes the part of a path before a semicolon.
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
  void releasesTheConcurrencyLimitOnDisconnect() throws Exception {
    start();
    HttpResponse<Stream<String>> running =
        send(
            service.generate("{\"max_tokens\": 10000000}", "text/event-stream"),
            "secret",
            HttpResponse.BodyHandlers.ofLines());
    assertThat(running.body().iterator().next()).startsWith("data: {");
    HttpResponse<String> rejected = generate("secret");
    assertThat(rejected.statusCode()).isEqualTo(429);
    assertThat(rejected.headers().firstValue("Retry-After")).isPresent();
    assertThat(rejected.body()).contains("ada exceeds its limit: concurrent_requests is 1");

    running.body().close();
    Service.await("the limit is released", () -> generate("secret").statusCode() == 200);
  }

  @Test
  void appliesAChangedKeyFileWithoutARestart() throws Exception {
    start();
    assertThat(generate("secret").statusCode()).isEqualTo(200);
    write("rotated", "\"requests_per_second\": 0.001");
    Service.await("the new key", () -> generate("secret").statusCode() == 401);

    assertThat(generate("rotated").statusCode()).isIn(200, 429);
    HttpResponse<String> rejected = generate("rotated");
    assertThat(rejected.statusCode()).isEqualTo(429);
    assertThat(rejected.body()).contains("ada exceeds its limit: requests_per_second is 0.001");
  }

  @Test
  void answersCorsPreflightWithoutAKey() throws Exception {
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

    HttpResponse<String> answer = send(preflight, null, HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Access-Control-Allow-Origin"))
        .contains("https://reader.example");
    assertThat(generate(null).statusCode()).isEqualTo(401);
    assertThat(generate("secret").headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
  }

  @Test
  void rejectsAnEmptySetting() throws Exception {
    String log = ServiceProcess.startAndFail(folder, Map.of("FOLIO_KEYS", ""));

    assertThat(log).contains("folio.keys is empty; it must be a file");
  }

  @Test
  void doesNotStartWithAnUnusableKeyFile() throws Exception {
    keys = Files.writeString(folder.resolve("keys.json"), "[{}]");
    String log = ServiceProcess.startAndFail(folder, Map.of("FOLIO_KEYS", keys.toString()));

    assertThat(log).contains("keys.json, line 1: it must be a JSON array");
  }
}
