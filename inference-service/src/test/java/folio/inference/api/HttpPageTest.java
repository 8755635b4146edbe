package folio.inference.api;

import static io.restassured.RestAssured.given;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.auth.ApiKeyAuthenticator.Outcome;
import folio.inference.generation.Rejection;
import folio.model.testing.Page;
import folio.model.testing.PageTable;
import folio.model.testing.PageTable.Cell;
import folio.model.testing.Pages;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page of the HTTP API, checked against the OpenAPI document. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class HttpPageTest {
  private static final Page PAGE = Pages.page("inference-service/docs/http-api.md");
  private static final Pattern ROUTE = Pattern.compile("(GET|POST) /\\S*");
  private static final Pattern NUMBER = Pattern.compile("\\d[\\d,]*(\\.\\d+)?");
  private static final Pattern PATH_PARAMETER = Pattern.compile("\\{(\\w+)\\}");
  private static final Pattern SNAKE_CASE = Pattern.compile("`([a-z_]+)`");

  /** The words before the values of {@code reason} in the description of a response. */
  private static final String REASONS = "`reason` is ";

  /** The fields of OpenAI that the document does not list, since only one value is legal. */
  private static final Set<String> REJECTED_FIELDS = Set.of("logit_bias");

  private JsonNode document;

  @BeforeEach
  void readTheDocument() {
    document = Service.parse(given().accept(ContentType.JSON).get("/q/openapi").asString());
  }

  private JsonNode schema(String name) {
    JsonNode schema = document.at("/components/schemas/" + name);
    assertThat(schema.isMissingNode()).as(name).isFalse();
    return schema;
  }

  private static Set<String> names(JsonNode node) {
    Set<String> names = new TreeSet<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void listsEveryRoute() {
    Set<String> served = new TreeSet<>();
    for (String path : names(document.get("paths"))) {
      String shown =
          PATH_PARAMETER.matcher(path).replaceAll(name -> name.group(1).toUpperCase(Locale.ROOT));
      for (String method : names(document.get("paths").get(path))) {
        served.add(method.toUpperCase(Locale.ROOT) + " " + shown);
      }
    }
    assertThat(
            PAGE.whole().codeSpans().stream()
                .filter(code -> ROUTE.matcher(code).matches())
                .collect(toSet()))
        .isEqualTo(served);
  }

  /**
   * A field as the page lists it.
   *
   * @param defaultValue the words in the column of that name
   * @param legal the words in the column "legal values", or those about the differences
   */
  private record Field(String name, String defaultValue, String legal) {}

  /** Returns the fields of a table; a line may list several fields with one default or several. */
  private static Map<String, Field> fields(PageTable table) {
    List<Field> fields = new ArrayList<>();
    for (List<Cell> row : table.rows()) {
      List<String> names = row.get(0).code();
      String[] defaults = row.get(1).text().split(", ", -1);
      assertThat(defaults.length).as("defaults of %s", names).isIn(1, names.size());
      for (int i = 0; i < names.size(); i++) {
        fields.add(new Field(names.get(i), defaults[i % defaults.length], row.get(2).text()));
      }
    }
    return fields.stream().collect(toMap(Field::name, Function.identity()));
  }

  @ParameterizedTest
  @CsvSource({
    "POST /generate, GenerateRequest",
    "POST /score, ScoreRequest",
    "OpenAI clients, CompletionRequest"
  })
  void listsEveryFieldWithItsDefault(String section, String request) {
    Map<String, Field> listed = fields(PAGE.section(section).tables().get(0));
    JsonNode properties = schema(request).get("properties");
    Set<String> required = new HashSet<>();
    schema(request).path("required").forEach(name -> required.add(name.asText()));

    Set<String> names = new HashSet<>(listed.keySet());
    if (request.equals("CompletionRequest")) {
      names.removeAll(REJECTED_FIELDS);
    }
    assertThat(names).isEqualTo(names(properties));
    for (String name : names) {
      Field field = listed.get(name);
      assertThat(field.defaultValue().equals("required"))
          .as("%s is required", name)
          .isEqualTo(required.contains(name));
      assertThat(value(field.defaultValue()))
          .as("default of %s", name)
          .isEqualTo(value(properties.get(name).path("default").asText()));
    }
  }

  /** Returns a number, true, false or current; empty for words such as "none" or "chosen". */
  private static String value(String text) {
    if (NUMBER.matcher(text).matches()) {
      return String.valueOf(Double.parseDouble(text.replace(",", "")));
    }
    return Set.of("true", "false", "current").contains(text) ? text : "";
  }

  @ParameterizedTest
  @CsvSource({"POST /generate, GenerateRequest", "POST /score, ScoreRequest"})
  void namesTheBoundsOfEveryField(String section, String request) {
    Map<String, Field> listed = fields(PAGE.section(section).tables().get(0));
    JsonNode properties = schema(request).get("properties");
    int bounds = 0;
    for (String name : names(properties)) {
      for (String bound : List.of("minimum", "exclusiveMinimum", "maximum")) {
        JsonNode value = properties.get(name).path(bound);
        if (value.isNumber()) {
          bounds++;
          assertThat(numbers(listed.get(name).legal()))
              .as("%s of %s", bound, name)
              .contains(value.asDouble());
        }
      }
    }
    assertThat(bounds).isPositive();
  }

  private static List<Double> numbers(String text) {
    return NUMBER
        .matcher(text)
        .results()
        .map(number -> Double.valueOf(number.group().replace(",", "")))
        .toList();
  }

  @Test
  void listsEveryFieldOfAnEventAndOfAnAnswer() {
    Set<String> listed =
        PAGE.section("Events").tables().get(0).column("field").stream()
            .flatMap(cell -> cell.code().stream())
            .collect(toSet());
    assertThat(listed).isEqualTo(names(schema("GenerateEvent").get("properties")));
    for (String part : List.of("GenerateAnswer", "Usage", "GenerationMetrics", "TokenLogprob")) {
      assertThat(PAGE.section("Events").codeSpans())
          .as(part)
          .containsAll(names(schema(part).get("properties")));
    }
    for (String part : List.of("ScoreAnswer", "ScoredToken")) {
      assertThat(PAGE.section("POST /score").codeSpans())
          .as(part)
          .containsAll(names(schema(part).get("properties")));
    }
  }

  @Test
  void listsEveryStatusWithItsReasons() {
    Map<String, Set<String>> listed = new TreeMap<>();
    for (List<Cell> row : PAGE.section("Errors").tables().get(0).rows()) {
      listed
          .computeIfAbsent(row.get(0).text(), status -> new TreeSet<>())
          .addAll(row.get(1).code());
    }
    Map<String, Set<String>> served = new TreeMap<>();
    JsonNode responses = document.at("/paths/~1generate/post/responses");
    for (String status : names(responses)) {
      if (!status.equals("200")) {
        String reference = responses.get(status).get("$ref").asText().substring(1);
        served.put(status, reasons(document.at(reference).get("description").asText()));
      }
    }

    assertThat(listed).isEqualTo(served);
    Set<String> known = new TreeSet<>(Rejection.REASONS);
    known.addAll(FuzzBodies.outcomes());
    known.remove("200");
    known.add(new Outcome.UnknownKey().wireName());
    known.add(new Outcome.RateExceeded("", 1, Duration.ZERO).wireName());
    known.add(new Outcome.ConcurrencyExceeded("", 1).wireName());
    assertThat(served.values().stream().flatMap(Set::stream)).containsAll(known);
  }

  private static Set<String> reasons(String description) {
    assertThat(description).contains(REASONS);
    return SNAKE_CASE
        .matcher(description.substring(description.indexOf(REASONS) + REASONS.length()))
        .results()
        .map((MatchResult reason) -> reason.group(1))
        .collect(toSet());
  }
}
