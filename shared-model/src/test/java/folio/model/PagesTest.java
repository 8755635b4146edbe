package folio.model;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import folio.model.testing.Page;
import folio.model.testing.Pages;
import folio.model.testing.ShellCommand;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The links, names and commands on the pages. */
class PagesTest {
  private static final Pattern WEB_ADDRESS = Pattern.compile("(https?|mailto):.*");

  /** The path of a page in a comment or a message. */
  private static final Pattern PATH_OF_A_PAGE = Pattern.compile("[\\w.-]+/[\\w./-]*\\.md\\b");

  private static final Pattern DECLARED_TYPE =
      Pattern.compile("\\b(?:class|record|enum|interface|struct) (\\w+)");

  /** The name of a type, such as {@code TrainStep.StepConfig}; a constant has no lower case. */
  private static final Pattern TYPE =
      Pattern.compile("([A-Z]\\w*[a-z]\\w*)(?:\\.(\\w+)(?:\\(\\))?)?");

  /** The names of HTTP headers that look like types. */
  private static final Set<String> HEADERS = Set.of("Accept");

  private static Map<Path, Page> pages;

  @BeforeAll
  static void readPages() {
    pages = Pages.all().stream().collect(toMap(Page::file, page -> page));
  }

  @Test
  void everyLinkLeadsToAFileAndAHeading() {
    assertThat(pages.values().stream().flatMap(PagesTest::deadLinks)).isEmpty();
    assertThat(pages.values().stream().flatMap(page -> page.whole().links().stream()))
        .hasSizeGreaterThan(100);
  }

  private static Stream<String> deadLinks(Page page) {
    return page.whole().links().stream()
        .filter(link -> !WEB_ADDRESS.matcher(link).matches())
        .filter(link -> !leadsSomewhere(page, URI.create(link)))
        .map(link -> page + " -> " + link);
  }

  private static boolean leadsSomewhere(Page page, URI link) {
    Path target = target(page, link);
    if (!target.startsWith(Pages.ROOT) || !Files.exists(target)) {
      return false;
    }
    return link.getFragment() == null
        || (pages.containsKey(target) && pages.get(target).anchors().contains(link.getFragment()));
  }

  private static Path target(Page page, URI link) {
    return link.getPath().isEmpty()
        ? page.file()
        : page.file().resolveSibling(link.getPath()).normalize();
  }

  @Test
  void everyPageCanBeReachedFromTheReadme() {
    Deque<Page> unread = new ArrayDeque<>(List.of(Pages.page("README.md")));
    Set<Path> reached = new HashSet<>();
    while (!unread.isEmpty()) {
      Page page = unread.pop();
      if (reached.add(page.file())) {
        page.whole().links().stream()
            .filter(link -> !WEB_ADDRESS.matcher(link).matches())
            .map(link -> target(page, URI.create(link)))
            .map(path -> Files.isDirectory(path) ? path.resolve("README.md") : path)
            .map(pages::get)
            .filter(linked -> linked != null)
            .forEach(unread::push);
      }
    }
    assertThat(reached).containsAll(pages.keySet());
  }

  @Test
  void everyPageThatASourceNamesExists() {
    Set<String> names = pages.values().stream().map(page -> "/" + page).collect(toSet());
    assertThat(Pages.sources().stream().flatMap(PagesTest::namedPages))
        .isNotEmpty()
        .allMatch(name -> names.stream().anyMatch(page -> page.endsWith("/" + name)));
  }

  private static Stream<String> namedPages(Path source) {
    return PATH_OF_A_PAGE
        .matcher(Pages.text(source))
        .results()
        .map(match -> match.group().replaceFirst("^(\\.\\./)+", ""))
        .filter(name -> !name.startsWith("dist/")); // a release builds it
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".github/CONTRIBUTING.md",
        "inference-service/docs/architecture.md",
        "inference-service/docs/determinism.md",
        "inference-service/docs/persistent-kernel.md"
      })
  void everyNamedTypeExists(String page) {
    Map<String, String> sources =
        Pages.sources().stream()
            .map(Pages::text)
            .flatMap(
                text ->
                    DECLARED_TYPE
                        .matcher(text)
                        .results()
                        .map(type -> Map.entry(type.group(1), text)))
            .collect(toMap(Map.Entry::getKey, Map.Entry::getValue, String::concat));
    List<MatchResult> types =
        Pages.page(page).whole().codeSpans().stream()
            .filter(code -> !HEADERS.contains(code))
            .flatMap(code -> TYPE.matcher(code).results().filter(type -> type.group().equals(code)))
            .toList();

    assertThat(types).isNotEmpty();
    assertThat(types.stream().filter(type -> !isDeclared(type, sources)).map(MatchResult::group))
        .isEmpty();
  }

  private static boolean isDeclared(MatchResult type, Map<String, String> sources) {
    String source = sources.get(type.group(1));
    String member = type.group(2);
    return source != null
        && (member == null || Pattern.compile("\\b" + member + "\\b").matcher(source).find());
  }

  @Test
  void everyTestThatACommandRunsExists() {
    Set<String> tests =
        Pages.sources().stream()
            .filter(file -> file.toString().contains("/src/test/java/"))
            .map(file -> file.getFileName().toString().replace(".java", ""))
            .collect(toSet());
    List<String> patterns =
        ShellCommand.onAllPages().stream().flatMap(PagesTest::testPatterns).toList();

    assertThat(patterns)
        .isNotEmpty()
        .allMatch(pattern -> tests.stream().anyMatch(test -> test.matches(pattern)));
  }

  /** Returns the classes that {@code -Dtest=} or {@code ./folio test} names, as expressions. */
  private static Stream<String> testPatterns(ShellCommand command) {
    List<String> words = command.words();
    boolean launched =
        command.program().equals("./folio") && words.size() > 2 && words.get(1).equals("test");
    return Stream.concat(
            words.stream()
                .filter(word -> word.startsWith("-Dtest="))
                .map(word -> word.substring("-Dtest=".length())),
            launched ? Stream.of(words.get(2)) : Stream.of())
        .flatMap(names -> Arrays.stream(names.split(",")))
        .filter(name -> name.matches(".*[a-z].*")) // CLASS stands for any
        .map(name -> name.replaceFirst("#.*", "").replace("*", ".*"));
  }

  @Test
  void theReadmeIsShort() throws IOException {
    assertThat(Files.readAllLines(Pages.ROOT.resolve("README.md"))).hasSizeLessThanOrEqualTo(140);
  }

  @Test
  void readsCommandsLikeAShell() {
    assertThat(
            ShellCommand.split("A=1 a 'b c'\"d\"e && f --g=h # comment | i").stream()
                .map(words -> words.stream().collect(joining("_"))))
        .containsExactly("A=1_a_b cde", "f_--g=h");
    assertThat(ShellCommand.split("a -b   # --c 3"))
        .containsExactly(List.of("a", "-b"), List.of("a", "-b", "--c", "3"));
  }
}
