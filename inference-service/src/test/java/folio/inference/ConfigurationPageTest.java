package folio.inference;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.testing.Page;
import folio.model.testing.PageTable.Cell;
import folio.model.testing.Pages;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The settings and environment variables on the pages. */
class ConfigurationPageTest {
  private static final Page PAGE = Pages.page("inference-service/docs/configuration.md");
  private static final Pattern FOLIO_VARIABLE = Pattern.compile("\\bFOLIO_[A-Z_]*[A-Z]\\b");
  private static final Pattern QUARKUS_VARIABLE = Pattern.compile("\\bQUARKUS_[A-Z_]*[A-Z]\\b");

  /** Quarkus' description of the settings of an extension. */
  private static final String QUARKUS_SETTINGS =
      "META-INF/quarkus-config-doc/quarkus-config-model.json";

  /** Returns the default of each setting by its environment variable; empty if it has none. */
  private static Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    ConfigClass.configClass(InferenceConfig.class)
        .getProperties()
        .forEach((name, value) -> settings.put(variable(name), Objects.toString(value, "")));
    return settings;
  }

  private static String variable(String property) {
    return property.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
  }

  @Test
  void listsEverySettingWithItsDefault() {
    Map<String, String> documented =
        PAGE.section("Settings").tables().get(0).rows().stream()
            .collect(
                toMap(
                    row -> row.get(0).text(),
                    row -> code(row.get(1)),
                    (a, b) -> a + b,
                    TreeMap::new));

    assertThat(documented).isEqualTo(settings());
  }

  /** Returns the value in a cell; a word without backticks describes the lack of one. */
  private static String code(Cell cell) {
    return cell.code().stream().collect(joining());
  }

  @Test
  void namesOnlySettingsOfQuarkusThatExist() throws IOException {
    Set<String> documented = onAllPages(QUARKUS_VARIABLE);
    Set<String> existing = new HashSet<>();
    for (URL model : Collections.list(getClass().getClassLoader().getResources(QUARKUS_SETTINGS))) {
      try (InputStream json = model.openStream()) {
        existing.addAll(new JsonMapper().readTree(json).findValuesAsText("environmentVariable"));
      }
    }

    assertThat(documented).contains("QUARKUS_HTTP_PORT");
    assertThat(existing).containsAll(documented);
  }

  @Test
  void namesOnlyVariablesOfFolioThatExist() {
    Set<String> existing =
        Stream.concat(
                settings().keySet().stream(),
                Pages.sources().stream().flatMap(file -> find(FOLIO_VARIABLE, Pages.text(file))))
            .collect(toSet());

    assertThat(existing).containsAll(onAllPages(FOLIO_VARIABLE));
  }

  private static Set<String> onAllPages(Pattern variable) {
    return Pages.all().stream()
        .map(Page::whole)
        .flatMap(page -> Stream.of(page.codeSpans(), page.codeLines()).flatMap(List::stream))
        .flatMap(code -> find(variable, code))
        .collect(toSet());
  }

  private static Stream<String> find(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(MatchResult::group);
  }
}
