package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The logs and traces of the packaged service: they have times and sizes, but no text. */
class LogsAndTracesIT {
  private static final String PROMPT = "zebra crossing";
  private static final int CHARACTERS = 60;

  @TempDir Path folder;
  private TraceCollector collector;
  private ServiceProcess process;

  @BeforeEach
  void startCollector() throws IOException {
    TestCheckpoints.publishCurrent(new CheckpointStore(folder), 1);
    collector = new TraceCollector();
  }

  @AfterEach
  void stop() {
    if (process != null) {
      process.process().destroyForcibly();
    }
    collector.close();
  }

  private HttpResponse<String> generate(Map<String, String> settings) throws Exception {
    process = ServiceProcess.start(folder, settings);
    Service service = process.service();
    HttpResponse<String> answer =
        service
            .client()
            .send(
                service.generate(
                    "{\"prompt\": \"%s\", \"max_tokens\": %d, \"seed\": 1}"
                        .formatted(PROMPT, CHARACTERS),
                    "text/plain"),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.body()).hasSize(CHARACTERS);
    return answer;
  }

  /** Returns the longest line of a text, which a log line could contain unchanged. */
  private static String longestLine(String text) {
    String longest = text.lines().max(Comparator.comparingInt(String::length)).orElseThrow();
    assertThat(longest).hasSizeGreaterThan(10);
    return longest;
  }

  private List<Span> spansWithPrefill(SpanKind kind) {
    return collector.spans(kind).stream()
        .filter(
            span ->
                span.getEventsList().stream().anyMatch(event -> event.getName().equals("prefill")))
        .toList();
  }

  @Test
  void tracesARequestAsOneSpanWithItsPhasesAsEvents() throws Exception {
    Map<String, String> settings = new HashMap<>(collector.settings());
    settings.put("QUARKUS_OTEL_SDK_DISABLED", "false");
    String text = generate(settings).body();
    Service.await(
        "a span of each kind",
        () ->
            !spansWithPrefill(SpanKind.SPAN_KIND_SERVER).isEmpty()
                && !spansWithPrefill(SpanKind.SPAN_KIND_INTERNAL).isEmpty());

    String all = collector.text();
    for (String expected :
        List.of("POST /generate", "queue", "prefill", "decode", "folio.finish_reason", "length")) {
      assertThat(all).contains(expected);
    }
    assertThat(spansWithPrefill(SpanKind.SPAN_KIND_SERVER)).as("one span").hasSize(1);
    assertThat(spansWithPrefill(SpanKind.SPAN_KIND_INTERNAL)).as("one choice").hasSize(1);
    assertThat(all).doesNotContain(PROMPT, longestLine(text));
  }

  @Test
  void tracesNoTextAndNoExceptionOfARejectedRequest() throws Exception {
    Map<String, String> settings = new HashMap<>(collector.settings());
    settings.put("QUARKUS_OTEL_SDK_DISABLED", "false");
    process = ServiceProcess.start(folder, settings);
    Service service = process.service();
    for (String body :
        List.of(
            "{\"prompt\": \"" + PROMPT + " \u4eac\"}",
            "{\"temperature\": \"" + PROMPT + "\"}",
            "{\"" + PROMPT + "\": 1}",
            "{\"prompt\": \"" + PROMPT)) {
      HttpResponse<String> rejected =
          service
              .client()
              .send(service.generate(body, "text/plain"), HttpResponse.BodyHandlers.ofString());
      assertThat(rejected.statusCode()).as(body).isEqualTo(400);
    }
    process.process().destroy();
    process.process().waitFor(); // the exporter flushes its spans

    String all = collector.text();
    assertThat(all.split("POST /generate", -1)).as("a span for each request").hasSize(5);
    assertThat(all).doesNotContain(PROMPT, "exception");
  }

  @Test
  void tracesNothingByDefault() throws Exception {
    HttpResponse<String> answer = generate(collector.settings());
    process.process().destroy();
    process.process().waitFor(); // an exporter would flush its spans now

    assertThat(collector.isEmpty()).isTrue();
    assertThat(process.log()).noneMatch(line -> line.contains(longestLine(answer.body())));
  }

  @Test
  void logsJsonWithTheRequestIdAndNoText() throws Exception {
    HttpResponse<String> answer =
        generate(
            Map.of(
                "QUARKUS_LOG_CONSOLE_JSON_ENABLED", "true",
                "QUARKUS_HTTP_ACCESS_LOG_ENABLED", "true"));
    String id = answer.headers().firstValue("X-Request-Id").orElseThrow();
    Service.await(
        "a line of the access log",
        () -> process.log().stream().anyMatch(line -> line.contains(id)));

    List<JsonNode> lines = process.log().stream().map(Service::parse).toList();
    assertThat(lines)
        .allSatisfy(line -> assertThat(line.has("timestamp") && line.has("level")).isTrue());
    String access =
        lines.stream()
            .map(line -> line.path("message").asText())
            .filter(message -> message.contains(id))
            .findFirst()
            .orElseThrow();
    assertThat(access).contains("\"POST /generate\" 200 ").containsPattern(" bytes \\d+ ms ");
    assertThat(process.log())
        .noneMatch(line -> line.contains(PROMPT) || line.contains(longestLine(answer.body())));
  }

  /** The value of a checkpoint's file is quoted in the log. */
  @Test
  void logsNoForgedLines() throws Exception {
    CheckpointStore store = new CheckpointStore(folder);
    Path version = folder.resolve(TestCheckpoints.publish(store, 2));
    Path config = version.resolve("config.json");
    String forged = Files.readString(config).replace("residual", "a\\nb ERROR forged\\u001b[31m");
    Files.writeString(config, forged);
    TestCheckpoints.sign(version);
    process = ServiceProcess.start(folder, Map.of());
    Files.writeString(folder.resolve("CURRENT"), version.getFileName() + "\n");
    Service.await(
        "the rejection",
        () -> process.log().stream().anyMatch(line -> line.contains("Checkpoint rejected")));

    assertThat(process.log())
        .noneMatch(line -> line.startsWith("b ERROR") || line.contains("\u001b"))
        .anyMatch(line -> line.contains("a\\u000ab ERROR forged\\u001b[31m"));
  }

  /** Some clients send a key as a query parameter, although the service ignores it there. */
  @Test
  void logsNoQuery() throws Exception {
    generate(Map.of("QUARKUS_HTTP_ACCESS_LOG_ENABLED", "true"));
    HttpResponse<String> answer = process.service().get("/models?api_key=secret");
    String id = answer.headers().firstValue("X-Request-Id").orElseThrow();
    Service.await(
        "a line of the access log",
        () -> process.log().stream().anyMatch(line -> line.contains(id)));

    assertThat(process.log())
        .anyMatch(line -> line.contains("\"GET /models\" 200 "))
        .noneMatch(line -> line.contains("secret"));
  }
}
