package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.testing.EarlierReleases;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packaged service of today on the files of a release: a copy of its checkpoints, its key file
 * and its state key.
 */
final class RecordedService implements AutoCloseable {
  /** The API key of the only client in the key file. */
  static final String API_KEY = "the key of a recorded client";

  /** The key file. */
  static final String KEYS = "keys.json";

  /** An array of requests with the fields of the response that must not change. */
  static final String EXCHANGES = "exchanges.json";

  /** The names of metrics with the names of their labels, one a line. */
  static final String METRICS = "metrics.txt";

  /** The names of the settings, one a line. */
  static final String SETTINGS = "settings.txt";

  /** The OpenAPI document. */
  static final String OPENAPI = "openapi.yaml";

  /** The key that signs saved states. */
  static final String STATE_KEY = "the state key of a recorded service";

  private static final Pattern SETTING = Pattern.compile("FOLIO(_[A-Z]+)+");
  private static final Pattern SAMPLE = Pattern.compile("(folio_\\w+)(?:\\{(.*)})? .*");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"(?:[^\"\\\\]|\\\\.)*\"");

  private final CheckpointStore store;
  private final ServiceProcess process;
  private final Service service;

  /**
   * Starts the service.
   *
   * @param release the folder of the release
   * @param scratch a folder for the copy of the checkpoints
   */
  RecordedService(Path release, Path scratch) throws IOException {
    Path checkpoints =
        EarlierReleases.copy(release.resolve("checkpoints"), scratch.resolve("checkpoints"));
    this.store = new CheckpointStore(checkpoints);
    this.process =
        ServiceProcess.start(
            checkpoints,
            Map.of(
                "FOLIO_KEYS",
                folder(release).resolve(KEYS).toString(),
                "FOLIO_STATE_KEY",
                STATE_KEY,
                "FOLIO_STATE_LIFETIME",
                "365D",
                "FOLIO_DEVICE",
                "cpu"));
    this.service = process.service();
  }

  /** Returns the folder of the service's files in the folder of a release. */
  static Path folder(Path release) {
    return release.resolve("service");
  }

  /** Returns the store that the service reads. */
  CheckpointStore store() {
    return store;
  }

  /** Makes a version current and waits until the service serves it. */
  void serve(String version) {
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
    Service.await(version, () -> get("/models/current").contains(version));
  }

  /** Returns the response to a request of the recorded client. */
  JsonNode post(String path, JsonNode body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    return Service.parse(send(request));
  }

  /** Returns the body of the response to {@code GET} of a path. */
  String get(String path) {
    return send(HttpRequest.newBuilder(uri(path)));
  }

  private URI uri(String path) {
    return service.generate("", "*/*").uri().resolve(path);
  }

  private String send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          service
              .client()
              .send(
                  request.header("Authorization", "Bearer " + API_KEY).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      return response.body();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Returns the names of all metrics of Folio, each with the names of its labels. */
  Set<String> metrics() {
    Set<String> names = new TreeSet<>();
    for (String line : get("/metrics").lines().toList()) {
      Matcher sample = SAMPLE.matcher(line);
      if (sample.matches()) {
        Set<String> labels = new TreeSet<>();
        Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
        while (label.find()) {
          labels.add(label.group(1));
        }
        names.add(sample.group(1) + labels);
      }
    }
    return names;
  }

  /** Returns the names of the settings that the configuration page lists today. */
  static Set<String> settings() throws IOException {
    Set<String> names = new TreeSet<>();
    Matcher setting = SETTING.matcher(Files.readString(Path.of("docs", "configuration.md")));
    while (setting.find()) {
      names.add(setting.group());
    }
    return names;
  }

  @Override
  public void close() {
    process.kill();
  }
}
