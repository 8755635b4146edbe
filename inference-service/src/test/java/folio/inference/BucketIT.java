package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.run.RunEvents;
import folio.model.run.RunStore;
import folio.model.testing.S3Server;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service with its checkpoints in a bucket of an S3 server. */
class BucketIT {
  private static final String RUN = "6dbb9c1e-3b8e-4a0e-8c1e-0d3a1f9d2c11";
  private static final RunEvents RECORD =
      RunEvents.parse("{\"event\":\"progress\",\"step\":7}".getBytes(StandardCharsets.UTF_8));

  @TempDir Path cache;
  private S3Server server;
  private ServiceProcess process;

  @BeforeEach
  void startServer() throws IOException {
    server = S3Server.start();
  }

  @AfterEach
  void stop() {
    if (process != null) {
      process.process().destroyForcibly();
    }
    if (server != null) {
      server.close();
    }
  }

  private static String current(Service service) {
    for (JsonNode model : Service.parse(service.get("/models").body())) {
      if (model.path("state").asText().equals("current")) {
        return model.path("version").asText();
      }
    }
    return "";
  }

  private static String text(Service service) throws Exception {
    HttpResponse<String> answer =
        service
            .client()
            .send(
                service.generate(
                    "{\"prompt\": \"the\", \"max_tokens\": 20, \"seed\": 1}", "text/plain"),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void followsCurrentAndKeepsServingWhenTheBucketIsUnreachable() throws Exception {
    String address = "s3://" + S3Server.BUCKET + "/models";
    CheckpointStore store = CheckpointStore.at(address, server.environment(cache));
    String first = TestCheckpoints.publishCurrent(store, 1);
    Map<String, String> settings = new HashMap<>(server.environment(cache));
    settings.put("FOLIO_CHECKPOINTS", address);
    process = ServiceProcess.start(Path.of("overridden"), settings);
    Service service = process.service();
    Service.await(first + " is current", () -> current(service).equals(first));
    String text = text(service);
    assertThat(text).hasSize(20);

    String second = TestCheckpoints.publishCurrent(store, 2);
    Service.await(second + " is current", () -> current(service).equals(second));
    assertThat(text(service)).isNotEqualTo(text);
    JsonNode newest = Service.parse(service.get("/checkpoints").body()).get(0);
    assertThat(newest.path("version").asText()).isEqualTo(second);
    RunStore.at(address, server.environment(cache)).write(RUN, RECORD);
    assertThat(service.get("/runs").body()).contains(RUN, "\"step\":7");
    assertThat(service.get("/runs/" + RUN).statusCode()).isEqualTo(200);

    server.close();
    Service.await(
        "a failed load is counted",
        () -> service.metric("folio_model_loads_total{result=\"failure\"}") >= 1);
    assertThat(text(service)).hasSize(20);
    assertThat(current(service)).isEqualTo(second);
    assertThat(service.get("/q/health/ready").statusCode()).isEqualTo(200);
  }
}
