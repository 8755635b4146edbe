package folio.inference.kubernetes;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.inference.CheckpointFolder;
import folio.inference.api.Service;
import folio.model.testing.Pages;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** The alerts and the dashboard, checked against the metrics of a running service. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class MonitoringTest {
  private static final Pattern METRIC = Pattern.compile("\\b(?:folio|gen_ai)_[a-z_]+\\b");

  @TempDir Path folder;

  /** Returns the metrics page in the format that promtool reads. */
  private static String scrape() {
    Service.awaitReady(RestAssured.port);
    return given().accept("text/plain;version=0.0.4").get("/metrics").asString();
  }

  private static String read(String file) throws IOException {
    return Files.readString(Tools.K8S.resolve(file));
  }

  private void assertPromtool(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(Tools.promtool());
    command.addAll(List.of(arguments));
    Tools.Result result = Tools.run(command);
    assertThat(result.exit()).as(result.allOutput()).isZero();
  }

  /** Writes the rules without their Kubernetes object, as promtool reads them. */
  private Path plainRules() throws IOException {
    Map<String, Object> rule = new Yaml().load(read("monitoring/rules.yaml"));
    return Files.writeString(folder.resolve("rules.yaml"), new Yaml().dump(rule.get("spec")));
  }

  @Test
  void firesEveryAlertExactlyWhenItShould() throws IOException {
    Path rules = plainRules();
    assertPromtool("check", "rules", rules.toString());
    Path tests = folder.resolve("rules-test.yaml");
    Files.copy(Tools.K8S.resolve("monitoring/rules-test.yaml"), tests);
    assertPromtool("test", "rules", tests.toString());

    // Each alert must fire in one test and stay silent in another.
    String text = Files.readString(tests);
    for (String alert : alerts()) {
      assertThat(text)
          .containsPattern("alertname: " + alert + "\\n")
          .contains("{alertname: " + alert + ", eval_time: 25m, exp_alerts: []}");
    }
  }

  private static List<String> alerts() throws IOException {
    return Pattern.compile("- alert: (\\w+)")
        .matcher(read("monitoring/rules.yaml"))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  @Test
  void describesEveryAlertInTheRunbook() throws IOException {
    assertThat(alerts()).hasSize(6);
    assertThat(read("README.md")).contains(alerts());
  }

  @Test
  void usesOnlyMetricsThatExist() throws IOException {
    Set<String> existing = names(scrape());
    for (String file :
        List.of(
            "monitoring/rules.yaml",
            "monitoring/rules-test.yaml",
            "monitoring/folio.json",
            "components/scaling/autoscaler.yaml")) {
      assertThat(existing).as(file).containsAll(names(read(file)));
    }
    assertThat(names(read("monitoring/folio.json"))).hasSizeGreaterThan(9);
  }

  @Test
  void existsForEveryMetricOnThePages() {
    Set<String> existing = new HashSet<>(names(scrape()));
    existing.add("folio_key_requests_total"); // only a service with keys has it, see KeysIT
    Set<String> listed =
        names(Pages.page("inference-service/docs/operations.md").whole().codeSpans().toString());

    assertThat(listed).hasSizeGreaterThan(15);
    for (String name : listed) {
      assertThat(existing).containsAnyOf(name, name + "_count"); // a histogram has no plain name
    }
  }

  private static Set<String> names(String text) {
    return METRIC.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
  }

  @Test
  void hasOnlyValidQueriesInTheDashboard() throws IOException {
    JsonNode dashboard = new JsonMapper().readTree(read("monitoring/folio.json"));
    StringBuilder rules = new StringBuilder("groups:\n- name: queries\n  rules:\n");
    int queries = 0;
    for (JsonNode expression : dashboard.findValues("expr")) {
      rules
          .append("  - record: query:")
          .append(queries++)
          .append("\n    expr: ")
          .append(new JsonMapper().writeValueAsString(expression.asText()))
          .append('\n');
    }
    assertThat(queries).isGreaterThan(9);
    assertPromtool(
        "check",
        "rules",
        Files.writeString(folder.resolve("queries.yaml"), rules.toString()).toString());
  }

  @Test
  void servesMetricsThatPromtoolAccepts() throws IOException {
    String ours =
        scrape()
            .lines()
            .filter(line -> METRIC.matcher(line).find())
            .collect(Collectors.joining("\n", "", "\n"));
    Path page = Files.writeString(folder.resolve("metrics.txt"), ours);
    Tools.promtool();

    Process process =
        new ProcessBuilder("promtool", "check", "metrics")
            .redirectInput(page.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output).isEmpty();
  }
}
