package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.TimeoutError;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of the view Write in a real browser. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class WritePageTest extends PageTest {
  private static final String SCRIPT =
      "<img src=x onerror=\"window.harmed=1\"><script>window.harmed=1</script>";

  @Test
  void aStrangerLearnsWhatThisIsAndSeesAText() {
    assertThat(page).hasTitle("Write · Folio");
    assertThat(page.locator("#about-model"))
        .hasText(
            Pattern.compile(
                "A small neural network that has read \\S+ writes one of \\d+ characters at a time\\."
                    + " This machine runs it\\.( At each step, it is as unsure as choosing among"
                    + " \\d+\\.\\d characters; without training, it would choose among \\d+\\.)?"));
    assertThat(text(0).textContent()).hasSize(400);
    assertThat(page.inputValue("#prompt")).isEmpty();
    assertNoLayoutShift();
    given().get("/page/icon.svg").then().statusCode(200).contentType("image/svg+xml");

    page.click("text=Models");
    assertThat(page).hasTitle("Models · Folio");
  }

  /**
   * Checks that the content has hardly moved by itself, as browsers measure it. A word that moves
   * to the next line while it is being written does not count.
   */
  private void assertNoLayoutShift() {
    String measure =
        """
        () => new Promise((done) => {
          let sum = 0;
          const moved = [];
          const isWritten = ({ node }) => node?.parentElement?.closest(".text");
          const counts = (shift) => !shift.hadRecentInput && !shift.sources.every(isWritten);
          new PerformanceObserver((list) => {
            for (const shift of list.getEntries().filter(counts)) {
              sum += shift.value;
              moved.push(...shift.sources.map(({ node }) => node?.id || node?.className || node?.nodeName));
            }
          }).observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done([sum, moved.join()]))));
        })""";
    List<?> result = (List<?>) page.evaluate(measure);
    assertThat(((Number) result.get(0)).doubleValue())
        .as("cumulative layout shift of %s", result.get(1))
        .isLessThan(0.02);
  }

  /** Opens the page until its first text, which is random, has a whole line to begin with. */
  private Locator beginnings() {
    Locator beginnings = page.locator("#beginnings button");
    for (int opened = 1; opened < 20 && !appears(beginnings.first()); opened++) {
      closePage();
      openPage();
      beginnings = page.locator("#beginnings button");
    }
    return beginnings;
  }

  private static boolean appears(Locator element) {
    try {
      element.waitFor(new Locator.WaitForOptions().setTimeout(2_000));
      return true;
    } catch (TimeoutError e) {
      return false;
    }
  }

  @Test
  void aBeginningFromTheFirstTextIsWrittenOn() {
    Locator beginnings = beginnings();
    String first = beginnings.first().textContent();
    assertThat(text(0).textContent()).contains(first);

    beginnings.first().click();

    assertThat(page.locator("#prompt")).hasValue(first);
    assertThat(about()).containsText("wrote 256 characters");
    assertThat(text(0).textContent()).startsWith(first);
  }

  @Test
  void controlAndEnterWrite() {
    page.fill("#prompt", "ROMEO:");
    page.fill("#max_tokens", "12");
    page.locator("#prompt").press("Control+Enter");

    assertThat(about()).containsText("wrote 12 characters");
  }

  @Test
  void showsTextWhileItIsGeneratedAndStopFreesTheSlot() {
    Models.serveVerySlow(checkpoints, 10);
    write("ROMEO:", 10_000);
    page.waitForCondition(() -> text(0).textContent().length() > 10);
    int early = text(0).textContent().length();
    assertThat(page.locator("#stop")).isEnabled();
    page.waitForCondition(() -> text(0).textContent().length() > early + 50);
    assertThat(service.metric("folio_requests_running ")).isEqualTo(1);

    page.click("#stop");

    assertThat(about()).hasText(Pattern.compile("Stopped after \\d+ characters\\."));
    assertThat(text(0).textContent().length()).isBetween(60, 10_000);
    Service.await("every slot to be free", () -> service.metric("folio_requests_running ") == 0);
    assertThat(page.locator("#generate")).isEnabled();
    Models.serveSmall(checkpoints, 1); // the next test need not wait for a slow one
  }

  @Test
  void replaysASeedAndContinuesAText() {
    write("ROMEO:", 60);
    assertThat(about()).containsText("wrote 60 characters");
    String first = text(0).textContent();
    assertThat(first).startsWith("ROMEO:").hasSize(66);

    page.click("#more > summary");
    page.click("#replay");
    page.waitForCondition(() -> about().textContent().contains("wrote 60 characters"));
    assertThat(text(0).textContent()).isEqualTo(first);
    assertThat(page.inputValue("#seed")).isEmpty();

    page.click("#texts .continue");
    assertThat(about()).containsText("wrote 120 characters");
    assertThat(page.inputValue("#prompt")).isEqualTo("ROMEO:");
    assertThat(text(0).textContent()).startsWith(first).hasSize(126);
  }

  /** A longer request with the same seed writes the same text, so the state was continued. */
  @Test
  void continuesFromTheSavedState() {
    page.click("#more > summary");
    page.fill("#seed", "7");
    write("ROMEO:", 80);
    assertThat(about()).containsText("wrote 80 characters");
    String whole = text(0).textContent();
    write("ROMEO:", 40);
    assertThat(about()).containsText("wrote 40 characters");

    page.click("#texts .continue");

    assertThat(about()).containsText("wrote 80 characters");
    assertThat(text(0).textContent()).isEqualTo(whole);
  }

  @Test
  void continuesATextThatWasStopped() {
    Models.serveVerySlow(checkpoints, 13);
    write("ROMEO:", 10_000);
    page.waitForCondition(() -> text(0).textContent().length() > 10);
    page.click("#stop");
    assertThat(about()).hasText(Pattern.compile("Stopped after \\d+ characters\\."));
    String stopped = text(0).textContent();

    page.fill("#max_tokens", "5");
    page.click("#texts .continue");

    assertThat(about()).containsText("wrote " + (stopped.length() - "ROMEO:".length() + 5));
    assertThat(text(0).textContent()).startsWith(stopped);
    assertThat(page.locator("#earlier-count")).hasText("1");
    Models.serveSmall(checkpoints, 1); // the next test need not wait for a slow one
  }

  @Test
  void comparesTemperaturesWithTheSameSeed() {
    page.click("#more > summary");
    page.fill("#temperatures", "0, 1");
    write("KING", 40);
    for (int i = 0; i < 3; i++) {
      assertThat(page.locator("#texts .about").nth(i)).containsText("wrote 40 characters");
    }

    assertThat(page.locator("#texts h3"))
        .hasText(new String[] {"Temperature 1", "Temperature 0", "Temperature 1"});
    assertThat(text(0).textContent()).isNotEqualTo(text(1).textContent());
    assertThat(text(2).textContent()).as("the same seed").isEqualTo(text(0).textContent());
    assertThat(text(1).boundingBox().x).isGreaterThan(text(0).boundingBox().x + 100);
  }

  @Test
  void controlsHaveTheRangesOfTheService() {
    for (Map.Entry<String, String> maximum :
        Map.of("temperature", "2", "max_tokens", "10000", "top_p", "1").entrySet()) {
      assertThat(page.locator("#" + maximum.getKey())).hasAttribute("max", maximum.getValue());
    }
  }

  @Test
  void writesAnewWhileATextIsBeingWritten() {
    Models.serveVerySlow(checkpoints, 18);
    write("ROMEO:", 10_000);
    page.waitForCondition(() -> text(0).textContent().length() > 10);

    write("JULIET:", 5);

    assertThat(about()).containsText("wrote 5 characters");
    assertThat(text(0)).hasText(Pattern.compile("JULIET:.{5}", Pattern.DOTALL));
    Service.await("every slot to be free", () -> service.metric("folio_requests_running ") == 0);
    Models.serveSmall(checkpoints, 1); // the next test need not wait for a slow one
  }

  @Test
  void showsAScriptAsText() {
    Models.serveSmall(checkpoints, 12);
    write(SCRIPT, 300);
    assertThat(about()).containsText("wrote 300 characters");
    assertThat(text(0).textContent()).startsWith(SCRIPT).hasSize(SCRIPT.length() + 300);

    page.check("#surprise");
    assertThat(page.locator("#texts .coloured > span:last-child > span")).hasCount(300);
    page.click("#texts .score");
    assertThat(page.locator("#scored .losses")).containsText("nats");
    assertThat(page.locator("#scored .coloured")).containsText(SCRIPT);

    openView("Write");
    write("\u00e9" + SCRIPT, 1);
    assertThat(page.locator("#prompt-problem")).isVisible();
    assertThat(page.evaluate("window.harmed")).isNull();
    assertThat(page.locator("main img, main script")).hasCount(0);
  }

  @Test
  void worksWithTheKeyboardAlone() {
    page.fill("#max_tokens", "20");
    page.locator("#prompt").focus();
    for (int tabs = 0; tabs < 30 && !isFocused("generate"); tabs++) {
      page.keyboard().press("Tab");
    }
    page.keyboard().press("Enter");

    assertThat(about()).containsText("wrote 20 characters");
  }

  private boolean isFocused(String id) {
    return id.equals(page.evaluate("document.activeElement.id"));
  }
}
