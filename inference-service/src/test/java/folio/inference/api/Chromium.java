package folio.inference.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A real browser that records the errors of its pages. FOLIO_CHROMIUM names the executable; {@code
 * .ci/run} installs one.
 */
final class Chromium implements AutoCloseable {
  private final Playwright playwright;
  private final Browser browser;
  private final Queue<String> errors = new ConcurrentLinkedQueue<>();
  private BrowserContext context;

  private Chromium(Playwright playwright, Path executable) {
    this.playwright = playwright;
    this.browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(executable)
                    .setArgs(List.of("--no-sandbox")));
  }

  /** Starts the browser; skips the test class, with a message, on a machine without one. */
  static Chromium launch() {
    Optional<Path> executable =
        Stream.of(
                System.getenv("FOLIO_CHROMIUM"),
                "/usr/bin/chromium",
                "/usr/bin/chromium-browser",
                "/usr/bin/google-chrome")
            .filter(Objects::nonNull)
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst();
    String reason = "no Chromium found; set FOLIO_CHROMIUM to its path";
    Assumptions.assumeTrue(executable.isPresent(), reason);
    Playwright playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    try {
      return new Chromium(playwright, executable.get());
    } catch (RuntimeException e) {
      playwright.close();
      throw e;
    }
  }

  /** Opens a page with access to the clipboard; a request to another host is an error. */
  Page open(String root) {
    errors.clear();
    context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setPermissions(List.of("clipboard-read", "clipboard-write")));
    Page page = context.newPage();
    page.onPageError(errors::add);
    page.onConsoleMessage(
        message -> {
          if (message.text().contains("Content Security Policy")) {
            errors.add(message.text());
          }
        });
    page.onRequest(
        request -> {
          if (!request.url().startsWith(root) && !request.url().startsWith("data:")) {
            errors.add("request to another host: " + request.url());
          }
        });
    page.navigate(root);
    return page;
  }

  /** Closes the page and checks that it had no errors. */
  void closePage() {
    context.close();
    assertThat(errors).isEmpty();
  }

  @Override
  public void close() {
    playwright.close();
  }
}
