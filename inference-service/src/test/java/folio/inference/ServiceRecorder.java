package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import folio.inference.api.Service;
import folio.model.storage.Sha256;
import folio.model.testing.EarlierReleases;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Records what the service of a release answers, for {@link CompatibilityIT}. It reads the
 * checkpoints that the recorder of the shared model wrote. CONTRIBUTING has the command.
 */
class ServiceRecorder {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String GREEDY =
      "{\"prompt\": \"the \", \"max_tokens\": 40, \"temperature\": 0, \"stop\": [\"never\"]}";
  private static final String SAMPLED =
      """
      {"prompt": "ROMEO: é", "max_tokens": 60, "temperature": 0.8, "top_k": 40, "top_p": 0.95,
       "min_p": 0.001, "repetition_penalty": 1.2, "seed": 42, "echo": true}
      """;
  private static final String COMPLETION =
      "{\"model\": \"current\", \"prompt\": \"the \", \"max_tokens\": 20, \"seed\": 7}";
  private static final String SCORED = "{\"text\": \"To be, or not to be\", \"top\": 0}";

  @TempDir Path scratch;
  private final ArrayNode exchanges = JSON.createArrayNode();

  @Test
  void recordsTheServicesAnswers() throws Exception {
    Path release = EarlierReleases.recorded();
    Path folder = EarlierReleases.emptyFolder("service");
    String digest = Sha256.hex(RecordedService.API_KEY.getBytes(StandardCharsets.UTF_8));
    ObjectNode client = JSON.createObjectNode().put("name", "recorded").put("sha256", digest);
    client.put("requests_per_second", 1000.5).put("concurrent_requests", 100);
    write(folder.resolve(RecordedService.KEYS), JSON.createArrayNode().add(client));

    try (RecordedService service = new RecordedService(release, scratch)) {
      for (String version : service.store().versions()) {
        service.serve(version);
        record(service, version);
      }
      write(folder.resolve(RecordedService.EXCHANGES), exchanges);
      Files.writeString(folder.resolve(RecordedService.OPENAPI), service.get("/q/openapi"));
      Files.write(folder.resolve(RecordedService.METRICS), service.metrics());
    }
    Files.write(folder.resolve(RecordedService.SETTINGS), RecordedService.settings());
  }

  private static void write(Path file, JsonNode json) throws Exception {
    Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
  }

  private void record(RecordedService service, String version) {
    exchange(service, version, "/generate", Service.parse(GREEDY));
    exchange(service, version, "/generate", Service.parse(SAMPLED));
    exchange(service, version, "/v1/completions", Service.parse(COMPLETION));
    exchange(service, version, "/score", Service.parse(SCORED));

    ObjectNode first = (ObjectNode) Service.parse(SAMPLED);
    JsonNode ended = service.post("/generate", first.put("keep_state", true));
    ObjectNode rest = JSON.createObjectNode().put("max_tokens", 40);
    rest.put("state", neverExpires(ended.get("state").asText()));
    for (String field : new String[] {"temperature", "top_k", "repetition_penalty"}) {
      rest.set(field, first.get(field));
    }
    exchange(service, version, "/generate", rest);
  }

  /** Sends a request, and keeps the fields of the response that depend on nothing else. */
  private void exchange(RecordedService service, String version, String path, JsonNode request) {
    JsonNode response = service.post(path, request);
    ObjectNode exchange = exchanges.addObject().put("version", version).put("path", path);
    exchange.set("request", request);
    ObjectNode expected = exchange.putObject("response");
    for (String pointer :
        new String[] {
          "/text",
          "/finish_reason",
          "/model_version",
          "/seed",
          "/usage/prompt_tokens",
          "/usage/completion_tokens",
          "/usage/total_tokens",
          "/choices/0/text",
          "/choices/0/finish_reason",
          "/total_nats",
          "/scored_tokens",
          "/perplexity"
        }) {
      boolean drawn = pointer.equals("/seed") && !request.has("seed") && !request.has("state");
      if (!drawn && !response.at(pointer).isMissingNode()) {
        expected.set(pointer, response.at(pointer));
      }
    }
    assertThat(expected).isNotEmpty();
  }

  /**
   * Returns a saved state with an expiry in the year 2200. The longest lifetime that the service
   * accepts is a year, and tests outlive it. The expiry stands in bytes 1 to 8 of a state, its
   * signature in the last 32.
   */
  private static String neverExpires(String state) {
    byte[] bytes = Base64.getUrlDecoder().decode(state);
    int signed = bytes.length - 32;
    ByteBuffer.wrap(bytes).putLong(1, Instant.parse("2200-01-01T00:00:00Z").getEpochSecond());
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      byte[] key = RecordedService.STATE_KEY.getBytes(StandardCharsets.UTF_8);
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      byte[] signature = mac.doFinal(Arrays.copyOf(bytes, signed));
      System.arraycopy(signature, 0, bytes, signed, signature.length);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
