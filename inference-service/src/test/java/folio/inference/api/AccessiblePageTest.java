package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that everybody can use every view: on a phone, in the dark, with the keyboard alone. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class AccessiblePageTest extends PageTest {
  private static final List<String> VIEWS = List.of("Write", "Score", "Models", "Training");

  /** Writes a coloured text, opens what is folded, and fills each view. */
  private void fillViews() {
    Models.serveMeasured(checkpoints, 61, 1.75, 100);
    Models.serveMeasured(checkpoints, 62, 1.5, 200);
    page.reload();
    assertThat(about()).containsText("wrote 400 characters");
    page.check("#surprise");
    write("caf\u00e9", 10);
    assertThat(page.locator("#prompt-problem")).isVisible();
    page.fill("#prompt", "ROMEO:");
    page.fill("#max_tokens", "60");
    page.click("#generate");
    assertThat(about()).containsText("wrote 60 characters");
    page.click("#more > summary");
    page.click("#earlier-box > summary");
    openView("Score");
    page.click("#judge");
    assertThat(page.locator("#scored .losses")).containsText("nats");
  }

  @ParameterizedTest
  @EnumSource(
      value = ColorScheme.class,
      names = {"LIGHT", "DARK"})
  void axeFindsNothing(ColorScheme scheme) {
    fillViews();
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
    for (int width : new int[] {1200, 390}) {
      page.setViewportSize(width, 850);
      for (String view : VIEWS) {
        openView(view);
        assertThat(page).hasTitle(view + " \u00b7 Folio");
        assertThat(new AxeBuilder(page).analyze().getViolations())
            .as("%s at %s pixels, %s", view, width, scheme)
            .isEmpty();
      }
    }
  }

  @Test
  void fitsAPhoneAndTheDarkColourScheme() {
    fillViews();
    page.screenshot(shot("score"));
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
    page.setViewportSize(360, 740);
    for (String view : VIEWS) {
      openView(view);
      assertThat((Boolean) page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"))
          .as("%s at 360 pixels", view)
          .isTrue();
      page.screenshot(shot("phone-" + view.toLowerCase(Locale.ROOT)));
    }
    String background = (String) page.evaluate("getComputedStyle(document.body).backgroundColor");
    assertThat(background).isEqualTo("rgb(22, 24, 28)");
  }

  /** The text comes first, and Stop stays in view. */
  @Test
  void aPhoneShowsTheTextWhileItIsWrittenAndStop() {
    Models.serveVerySlow(checkpoints, 63);
    page.setViewportSize(390, 800);
    write("ROMEO:", 10_000);
    page.waitForCondition(() -> text(0).textContent().length() > 10);

    for (String seen : List.of("#texts .text", "#stop")) {
      assertThat(
              (Boolean)
                  page.locator(seen)
                      .first()
                      .evaluate(
                          "node => { const box = node.getBoundingClientRect();"
                              + " return box.top < innerHeight - 40 && box.bottom > 40; }"))
          .as("%s is in view", seen)
          .isTrue();
    }
    page.click("#stop");
    assertThat(about()).hasText(Pattern.compile("Stopped after \\d+ characters\\."));
    Models.serveSmall(checkpoints, 1); // the next test need not wait for a slow one
  }

  /** Saves a screenshot for inspection by a person. */
  private static Page.ScreenshotOptions shot(String name) {
    return new Page.ScreenshotOptions()
        .setFullPage(true)
        .setPath(Path.of("target", "page-" + name + ".png"));
  }
}
