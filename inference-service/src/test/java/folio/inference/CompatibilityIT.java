package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.media.Schema;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openapitools.openapidiff.core.OpenApiCompare;
import org.openapitools.openapidiff.core.model.ChangedOpenApi;
import org.openapitools.openapidiff.core.output.ConsoleRender;

/** The packaged service on the files, keys, states and requests of earlier releases. */
class CompatibilityIT {
  /** The largest accepted difference of a loss, in nats; other processors round differently. */
  private static final double TOLERANCE = 1e-3;

  @TempDir Path scratch;

  /**
   * The texts include those that resume from a saved state, which the release signed. Every request
   * has the API key of the release's key file.
   */
  @ParameterizedTest
  @MethodSource("folio.model.testing.EarlierReleases#folders")
  void answersRecordedRequestsWithTheRecordedTexts(Path release) throws IOException {
    Path folder = RecordedService.folder(release);
    JsonNode exchanges =
        new JsonMapper().readTree(folder.resolve(RecordedService.EXCHANGES).toFile());
    assertThat(exchanges).hasSizeGreaterThan(20);
    String served = "";
    try (RecordedService service = new RecordedService(release, scratch)) {
      for (JsonNode exchange : exchanges) {
        String version = exchange.get("version").asText();
        if (!version.equals(served)) {
          service.serve(version);
          served = version;
        }
        JsonNode response = service.post(exchange.get("path").asText(), exchange.get("request"));
        for (var field : exchange.get("response").properties()) {
          assertSame(
              exchange + " " + field.getKey(), response.at(field.getKey()), field.getValue());
        }
      }
      assertThat(service.metrics())
          .containsAll(Files.readAllLines(folder.resolve(RecordedService.METRICS)));
    }
  }

  private static void assertSame(String what, JsonNode actual, JsonNode expected) {
    if (expected.isDouble()) {
      assertThat(actual.asDouble(Double.NaN))
          .as(what)
          .isCloseTo(expected.asDouble(), within(TOLERANCE * expected.asDouble()));
    } else {
      assertThat(actual).as(what).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("folio.model.testing.EarlierReleases#folders")
  void onlyExtendsTheRecordedOpenApiDocument(Path release) throws IOException {
    String recorded =
        corrected(
            Files.readString(RecordedService.folder(release).resolve(RecordedService.OPENAPI)));
    try (RecordedService service = new RecordedService(release, scratch)) {
      ChangedOpenApi changes = OpenApiCompare.fromContents(recorded, service.get("/q/openapi"));

      assertThat(changes.isIncompatible()).as(describe(changes)).isFalse();
      // To openapi-diff, a document without an optional field is compatible.
      assertThat(fields(changes.getNewSpecOpenApi()))
          .containsAll(fields(changes.getOldSpecOpenApi()));
    }
  }

  /**
   * Corrects the document of 0.1.0, which said less than the service did: that release rejected
   * unknown fields, and it accepted requests to generate text without a body. To openapi-diff, both
   * corrections break requests.
   */
  private static String corrected(String recorded) {
    String closed = "additionalProperties: false\n";
    return recorded.contains(closed)
        ? recorded
        : recorded
            .replaceAll(
                "(?m)^( {4}(?:\\w+Request|StreamOptions):\n {6})(?=type: object$)",
                "$1" + closed + "      ")
            .replaceAll("(schemas/(?:Generate|Completion)Request\"\n +required: )true", "$1false");
  }

  /** Returns every field of every schema, such as {@code Usage.prompt_tokens}. */
  private static List<String> fields(OpenAPI document) {
    List<String> fields = new ArrayList<>();
    for (Map.Entry<String, ?> schema : document.getComponents().getSchemas().entrySet()) {
      Map<String, ?> properties = ((Schema<?>) schema.getValue()).getProperties();
      if (properties != null) {
        properties.keySet().forEach(field -> fields.add(schema.getKey() + "." + field));
      }
    }
    assertThat(fields).hasSizeGreaterThan(50);
    return fields;
  }

  private static String describe(ChangedOpenApi changes) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    new ConsoleRender().render(changes, new OutputStreamWriter(text, StandardCharsets.UTF_8));
    return text.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @MethodSource("folio.model.testing.EarlierReleases#folders")
  void everySettingStillExists(Path release) throws IOException {
    assertThat(RecordedService.settings())
        .containsAll(
            Files.readAllLines(RecordedService.folder(release).resolve(RecordedService.SETTINGS)));
  }
}
