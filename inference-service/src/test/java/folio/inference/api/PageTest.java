package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import io.restassured.RestAssured;
import java.nio.file.Path;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The base of tests of the page at {@code /} in a real browser. */
abstract class PageTest extends BrowserTest {
  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  Service service;
  Page page;

  @BeforeEach
  void openPage() {
    Service.awaitReady(RestAssured.port);
    service = new Service(RestAssured.port);
    page = chromium.open(root());
    // The first text is complete; the model of another test may be slow.
    assertThat(about())
        .containsText(
            "wrote 400 characters", new LocatorAssertions.ContainsTextOptions().setTimeout(60_000));
  }

  @AfterEach
  void closePage() {
    chromium.closePage();
  }

  static String root() {
    return "http://127.0.0.1:" + RestAssured.port + "/";
  }

  /** Returns the box of a text that the model wrote. */
  Locator text(int index) {
    return page.locator("#texts .text").nth(index);
  }

  /** Returns the figures of the first text. */
  Locator about() {
    return page.locator("#texts .about").first();
  }

  /** Writes a text; the caller waits for its end. */
  void write(String prompt, int characters) {
    page.fill("#prompt", prompt);
    page.fill("#max_tokens", String.valueOf(characters));
    page.click("#generate");
  }

  /** Opens a view of the page. */
  void openView(String name) {
    page.click("nav >> text=" + name);
  }

  /** Returns what the last Copy button put into the clipboard. */
  String clipboard() {
    return (String) page.evaluate("navigator.clipboard.readText()");
  }
}
