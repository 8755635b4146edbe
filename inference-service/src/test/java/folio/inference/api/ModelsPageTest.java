package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of the view Models in a real browser. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class ModelsPageTest extends PageTest {
  private Locator row(String version) {
    return page.locator("#checkpoint-rows tr", new Page.LocatorOptions().setHasText(version));
  }

  @Test
  void announcesAModelSwapAndShowsWhichModelWasServedWhen() {
    String before = Models.serveSmall(checkpoints, 10);
    assertThat(page.locator("#serving")).containsText(before);

    String version = Models.serveSmall(checkpoints, 11);

    assertThat(page.locator("#serving")).hasText("Now serving " + version);
    openView("Models");
    assertThat(page.locator("#model-rows")).containsText(version);
    assertThat(row(version)).containsText("CURRENT");
    assertThat(row(version)).containsText("until now");
    assertThat(row(before)).hasText(Pattern.compile(".*, for \\d+ s.*", Pattern.DOTALL));
    assertThat(page.locator("#history li").nth(0))
        .hasText(Pattern.compile(version + ": .* to now"));
    assertThat(page.locator("#history li").nth(1)).containsText(before);
  }

  @Test
  void showsTheCommandsThatChangeWhatIsServed() {
    String before = Models.serveSmall(checkpoints, 12);
    Models.serveSmall(checkpoints, 13);
    openView("Models");

    row(before).locator("button").click();
    assertThat(page.locator("#model-command")).hasText("./folio checkpoints promote " + before);
    assertThat(clipboard()).isEqualTo("./folio checkpoints promote " + before);
    page.click("#rollback");
    page.waitForCondition(() -> clipboard().equals("./folio checkpoints rollback"));
  }

  @Test
  void drawsTheLossesAndExplainsThem() {
    String first = Models.serveMeasured(checkpoints, 21, 1.75, 100);
    String second = Models.serveMeasured(checkpoints, 22, 1.5, 300);
    openView("Models");

    Locator marks = page.locator("#checkpoint-curve circle");
    page.waitForCondition(() -> marks.count() >= 2);
    Locator chart = page.locator("#checkpoint-curve svg");
    assertThat(chart).hasAttribute("aria-label", Pattern.compile(".*windows-256: 1\\.5.*"));
    assertThat(page.locator("#checkpoint-curve circle title").last())
        .containsText(second + ", 1.5000 nats");
    assertThat(row(second)).containsText("loss \u22120.2500");
    assertThat(row(first)).containsText("windows-256: 1.7500");
    assertThat(page.locator("#protocols")).containsText("The text is cut into windows of 256");
  }

  /** A row whose table is wider than a phone scrolls by itself, with a finger and with the keys. */
  @Test
  void aPhoneAndAKeyboardScrollTheTables() {
    Models.serveSmall(checkpoints, 14);
    page.setViewportSize(390, 800);
    openView("Models");
    Locator table = page.locator("[aria-label='Loaded models']");
    table.focus();

    page.keyboard().press("ArrowRight");

    page.waitForCondition(
        () -> ((Number) table.evaluate("box => box.scrollLeft")).doubleValue() > 0);
    assertThat((Boolean) page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"))
        .isTrue();
  }

  @Test
  void saysWhatToDoWithAnEmptyStore() {
    page.route(
        "**/checkpoints",
        route ->
            route.fulfill(
                new Route.FulfillOptions().setContentType("application/json").setBody("[]")));
    openView("Models");

    assertThat(page.locator("#no-checkpoints"))
        .containsText("./folio train --preset quick --corpus FILE");
    assertThat(page.locator("#published")).isHidden();
  }
}
