package folio.inference.api;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The base of tests in a real browser; they are skipped on a machine without one. */
abstract class BrowserTest {
  static Chromium chromium;

  @BeforeAll
  static void openBrowser() {
    chromium = Chromium.launch();
  }

  @AfterAll
  static void closeBrowser() {
    if (chromium != null) {
      chromium.close();
      chromium = null;
    }
  }
}
