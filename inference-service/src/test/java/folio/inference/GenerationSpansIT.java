package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The span of each choice that the packaged service exports, however the choice ends. */
class GenerationSpansIT {
  private static final String PROMPT = "zebra crossing";

  /** A generation of this length does not end before its client disconnects. */
  private static final int ENDLESS = 100_000_000;

  @TempDir Path folder;
  private String version;
  private TraceCollector collector;
  private ServiceProcess process;
  private Service service;

  @BeforeEach
  void startTracedServiceOfOneSlotPerChoice() throws IOException {
    version = TestCheckpoints.publishCurrent(new CheckpointStore(folder), 1);
    collector = new TraceCollector();
    Map<String, String> settings = new HashMap<>(collector.settings());
    settings.put("QUARKUS_OTEL_SDK_DISABLED", "false");
    settings.put("FOLIO_SLOTS", "2");
    settings.put("FOLIO_THREADS", "1");
    settings.put("FOLIO_LIMITS_MAX_TOKENS", String.valueOf(ENDLESS));
    process = ServiceProcess.start(folder, settings);
    service = process.service();
  }

  @AfterEach
  void stop() {
    process.kill();
    collector.close();
  }

  private static HttpRequest completions(Service service, String body) {
    HttpRequest generate = service.generate(body, "application/json");
    return HttpRequest.newBuilder(generate, (name, value) -> true)
        .uri(generate.uri().resolve("/v1/completions"))
        .build();
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return service.client().send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** Waits for the spans of choices, and returns them in the order of their ends. */
  private List<Span> choices(int count) {
    Service.await(
        count + " spans", () -> collector.spans(SpanKind.SPAN_KIND_INTERNAL).size() >= count);
    return collector.spans(SpanKind.SPAN_KIND_INTERNAL);
  }

  private static List<String> events(Span span) {
    return span.getEventsList().stream().map(Span.Event::getName).toList();
  }

  private static Map<String, Object> attributes(Span span) {
    Map<String, Object> attributes = new HashMap<>();
    for (KeyValue attribute : span.getAttributesList()) {
      attributes.put(attribute.getKey(), value(attribute.getValue()));
    }
    return attributes;
  }

  private static Object value(AnyValue value) {
    return switch (value.getValueCase()) {
      case STRING_VALUE -> value.getStringValue();
      case INT_VALUE -> value.getIntValue();
      case DOUBLE_VALUE -> value.getDoubleValue();
      case BOOL_VALUE -> value.getBoolValue();
      case ARRAY_VALUE ->
          value.getArrayValue().getValuesList().stream().map(GenerationSpansIT::value).toList();
      default -> throw new AssertionError(value);
    };
  }

  @Test
  void describesEachChoiceInASpanOfItsOwn() throws Exception {
    HttpResponse<String> response =
        send(
            completions(
                service,
                """
                {"prompt": "%s", "max_tokens": 60, "n": 2, "seed": 7, "temperature": 0.5,
                 "top_k": 5, "top_p": 0.9, "stop": "QQQQ"}
                """
                    .formatted(PROMPT)));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonNode answer = Service.parse(response.body());

    List<Span> choices = choices(2);
    Service.await("the span of the request", () -> !httpSpans().isEmpty());
    Span http = httpSpans().get(0);
    assertThat(choices).hasSize(2);
    for (Span choice : choices) {
      assertThat(choice.getName()).isEqualTo("text_completion current");
      assertThat(choice.getParentSpanId()).isEqualTo(http.getSpanId());
      assertThat(choice.getTraceId()).isEqualTo(http.getTraceId());
      assertThat(choice.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
      assertThat(events(choice)).containsExactly("queue", "prefill", "decode", "end");
      assertThat(choice.getEventsList())
          .extracting(Span.Event::getTimeUnixNano)
          .isSorted()
          .allMatch(time -> time >= choice.getStartTimeUnixNano())
          .allMatch(time -> time <= choice.getEndTimeUnixNano());
      assertThat(attributes(choice))
          .contains(
              entry("gen_ai.operation.name", "text_completion"),
              entry("gen_ai.provider.name", "folio"),
              entry("gen_ai.request.model", "current"),
              entry("gen_ai.request.max_tokens", 60L),
              entry("gen_ai.request.temperature", 0.5),
              entry("gen_ai.request.top_k", 5L),
              entry("gen_ai.request.top_p", 0.9),
              entry("gen_ai.request.choice.count", 2L),
              entry("gen_ai.response.id", answer.get("id").asText()),
              entry("gen_ai.response.model", version),
              entry("gen_ai.response.finish_reasons", List.of("length")),
              entry("gen_ai.usage.input_tokens", (long) PROMPT.length()),
              entry("gen_ai.usage.output_tokens", 60L))
          .doesNotContainKeys(
              "error.type", "gen_ai.request.stream", "gen_ai.request.stop_sequences");
    }
    assertThat(choices)
        .extracting(choice -> attributes(choice).get("gen_ai.request.seed"))
        .containsExactlyInAnyOrder(7L, 8L);
    assertThat(events(http)).as("as before").hasSize(8).contains("prefill", "decode", "end");
    assertHasNoText(answer);
  }

  private List<Span> httpSpans() {
    return collector.spans(SpanKind.SPAN_KIND_SERVER).stream()
        .filter(span -> span.getName().startsWith("POST"))
        .toList();
  }

  private void assertHasNoText(JsonNode answer) {
    assertThat(collector.text()).doesNotContain(PROMPT, "QQQQ");
    for (JsonNode choice : answer.get("choices")) {
      assertThat(choice.get("text").asText().lines().filter(line -> line.length() > 10))
          .isNotEmpty()
          .noneMatch(line -> collector.text().contains(line));
    }
  }

  /** Starts a stream and reads its first event. */
  private InputStream openEndlessStream() throws Exception {
    String body =
        "{\"prompt\": \"%s\", \"max_tokens\": %d, \"model\": \"%s\"}"
            .formatted(PROMPT, ENDLESS, version);
    HttpResponse<InputStream> response =
        service
            .client()
            .send(
                service.generate(body, "text/event-stream"),
                HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    assertThat(lines.readLine()).startsWith("data: ");
    return response.body();
  }

  @Test
  void keepsTheEventsOfAStreamWhoseClientDisconnects() throws Exception {
    openEndlessStream().close();

    Span choice = choices(1).get(0);
    assertThat(choice.getName()).isEqualTo("text_completion " + version);
    assertThat(events(choice)).containsExactly("queue", "prefill", "decode", "end");
    assertThat(choice.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
    Map<String, Object> attributes = attributes(choice);
    assertThat(attributes)
        .contains(
            entry("gen_ai.request.stream", true),
            entry("gen_ai.request.model", version),
            entry("gen_ai.response.model", version),
            entry("gen_ai.response.finish_reasons", List.of("cancelled")),
            entry("gen_ai.usage.input_tokens", (long) PROMPT.length()))
        .doesNotContainKeys("error.type", "gen_ai.request.top_k", "gen_ai.request.choice.count");
    assertThat((long) attributes.get("gen_ai.usage.output_tokens")).isPositive();
    assertThat((double) attributes.get("gen_ai.response.time_to_first_chunk")).isPositive();
  }

  @Test
  void endsTheSpanOfARequestWhoseClientDisconnectsInTheQueue() throws Exception {
    try (InputStream first = openEndlessStream();
        InputStream second = openEndlessStream()) {
      assertThat(List.of(first, second)).as("they take both slots").hasSize(2);
      var queued =
          service
              .client()
              .sendAsync(
                  service.generate("{}", "text/plain"), HttpResponse.BodyHandlers.ofString());
      Service.await("a queued request", () -> service.metric("folio_requests_waiting ") == 1);
      queued.cancel(true);

      Span choice = choices(1).get(0);
      assertThat(events(choice)).containsExactly("queue", "end");
      assertThat(attributes(choice))
          .contains(entry("gen_ai.response.finish_reasons", List.of("cancelled")))
          .doesNotContainKeys("error.type", "gen_ai.response.model");
    }
  }

  @Test
  void endsTheSpanOfARejectedRequestWithItsReasonAndNoText() throws Exception {
    String unknownModel = "{\"prompt\": \"A\", \"model\": \"" + PROMPT + "\"}";
    assertThat(send(service.generate(unknownModel, "text/plain")).statusCode()).isEqualTo(404);
    String unknownCharacter = "{\"prompt\": \"" + PROMPT + " \u4eac\"}";
    assertThat(send(service.generate(unknownCharacter, "text/plain")).statusCode()).isEqualTo(400);

    List<Span> choices = choices(2);
    assertThat(choices)
        .extracting(Span::getName)
        .containsExactly("text_completion", "text_completion current");
    assertThat(choices)
        .extracting(choice -> attributes(choice).get("error.type"))
        .containsExactly("unknown_model", "unknown_character");
    assertThat(choices)
        .extracting(choice -> choice.getStatus().getCode())
        .containsOnly(StatusCode.STATUS_CODE_ERROR);
    assertThat(collector.text()).doesNotContain(PROMPT, "\u4eac", "exception");
  }
}
