package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of the page at {@code /} in a real browser. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class PlaygroundTest extends BrowserTest {
  private static final String SCRIPT =
      "<img src=x onerror=\"window.harmed=1\"><script>window.harmed=1</script>";

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  private Service service;
  private Page page;

  @BeforeEach
  void openPage() {
    Service.awaitReady(RestAssured.port);
    service = new Service(RestAssured.port);
    page = chromium.open(root());
    assertThat(about()).containsText("400 characters by"); // the first text is complete
  }

  @AfterEach
  void closePage() {
    chromium.closePage();
  }

  private static String root() {
    return "http://127.0.0.1:" + RestAssured.port + "/";
  }

  private Locator text(int index) {
    return page.locator("#texts .text").nth(index);
  }

  private static Page.LocatorOptions named(String text) {
    return new Page.LocatorOptions().setHasText(text);
  }

  private Locator about() {
    return page.locator("#texts .about").first();
  }

  private void write(String prompt, int characters) {
    page.fill("#prompt", prompt);
    page.fill("#max_tokens", String.valueOf(characters));
    page.click("#generate");
  }

  @Test
  void aStrangerLearnsWhatThisIsAndSeesAText() {
    assertThat(page).hasTitle("Write · Folio");
    assertThat(page.locator("#about-model"))
        .hasText(
            Pattern.compile(
                "A small neural network that has read \\S+ writes one of \\d+ characters at a time\\."
                    + " This machine runs it\\.( At each step, it is as unsure as if it chose among"
                    + " \\d+\\.\\d of them\\.)?"));
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

  @Test
  void aBeginningFromTheFirstTextIsWrittenOn() {
    Locator beginnings = page.locator("#beginnings button");
    String first = beginnings.first().textContent();
    assertThat(text(0).textContent()).contains(first);

    beginnings.first().click();

    assertThat(page.locator("#prompt")).hasValue(first);
    assertThat(about()).containsText("256 characters by");
    assertThat(text(0).textContent()).startsWith(first);
  }

  @Test
  void controlAndEnterWrite() {
    page.fill("#prompt", "ROMEO:");
    page.fill("#max_tokens", "12");
    page.locator("#prompt").press("Control+Enter");

    assertThat(about()).containsText("12 characters by");
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

    assertThat(about()).hasText("stopped");
    assertThat(text(0).textContent().length()).isBetween(60, 10_000);
    Service.await("every slot to be free", () -> service.metric("folio_requests_running ") == 0);
    assertThat(page.locator("#generate")).isEnabled();
  }

  @Test
  void replaysASeedAndContinuesAText() {
    write("ROMEO:", 60);
    assertThat(about()).containsText("60 characters by");
    String first = text(0).textContent();
    assertThat(first).startsWith("ROMEO:").hasSize(66);

    page.click("#replay");
    page.waitForCondition(() -> about().textContent().contains("60 characters by"));
    assertThat(text(0).textContent()).isEqualTo(first);
    assertThat(page.inputValue("#seed")).isEmpty();

    page.click("#texts .continue");
    assertThat(about()).containsText("120 characters by");
    assertThat(page.inputValue("#prompt")).isEqualTo("ROMEO:");
    assertThat(text(0).textContent()).startsWith(first).hasSize(126);
  }

  /** A longer request with the same seed writes the same text, so the state was continued. */
  @Test
  void continuesFromTheSavedState() {
    page.click("summary");
    page.fill("#seed", "7");
    write("ROMEO:", 80);
    assertThat(about()).containsText("80 characters by");
    String whole = text(0).textContent();
    write("ROMEO:", 40);
    assertThat(about()).containsText("40 characters by");

    page.click("#texts .continue");

    assertThat(about()).containsText("80 characters by");
    assertThat(text(0).textContent()).isEqualTo(whole);
  }

  @Test
  void continuesATextThatWasStopped() {
    Models.serveVerySlow(checkpoints, 13);
    write("ROMEO:", 10_000);
    page.waitForCondition(() -> text(0).textContent().length() > 10);
    page.click("#stop");
    assertThat(about()).hasText("stopped");
    String stopped = text(0).textContent();

    page.fill("#max_tokens", "5");
    page.click("#texts .continue");

    assertThat(about()).containsText(stopped.length() - "ROMEO:".length() + 5 + " characters by");
    assertThat(text(0).textContent()).startsWith(stopped);
  }

  @Test
  void anInvalidSeedIsRejectedAndReplacesNothing() {
    write("ROMEO:", 20);
    assertThat(about()).containsText("20 characters by");
    String written = text(0).textContent();
    page.click("summary");
    for (String seed : List.of("abc", "-", "9007199254740993", "1.5")) {
      page.fill("#seed", seed);
      for (String button : List.of("#generate", "#curl")) {
        page.click(button);
        assertThat(page.locator("#problem")).containsText("The seed is " + seed);
      }
    }
    assertThat(text(0).textContent()).isEqualTo(written);
  }

  @Test
  void comparesTemperaturesWithTheSameSeed() {
    page.click("summary");
    page.fill("#temperatures", "0, 1");
    write("KING", 40);
    for (int i = 0; i < 3; i++) {
      assertThat(page.locator("#texts .about").nth(i)).containsText("40 characters by");
    }

    assertThat(page.locator("#texts h3"))
        .hasText(new String[] {"Temperature 1", "Temperature 0", "Temperature 1"});
    assertThat(text(0).textContent()).isNotEqualTo(text(1).textContent());
    assertThat(text(2).textContent()).as("the same seed").isEqualTo(text(0).textContent());
    assertThat(text(1).boundingBox().x).isGreaterThan(text(0).boundingBox().x + 100);
  }

  @Test
  void namesTheLegalValuesOfANumberThatIsMissing() {
    page.click("summary");
    for (String temperatures : List.of("hot", "0.3, x")) {
      page.fill("#temperatures", temperatures);
      page.click("#generate");
      assertThat(page.locator("#problem"))
          .hasText(Pattern.compile("Temperature is (hot|x); it must be 0 to 2\\."));
    }
    page.fill("#temperatures", "0,0.1,0.2,0.3");
    page.click("#generate");
    assertThat(page.locator("#problem")).hasText(Pattern.compile("4 temperatures .* at most 3 .*"));
    page.fill("#temperatures", "");
    page.fill("#max_tokens", "");
    page.click("#generate");
    assertThat(page.locator("#problem")).hasText("Characters is empty; it must be 1 to 10000.");
    assertThat(text(0).textContent()).as("the first text stays").hasSize(400);
  }

  @Test
  void controlsHaveTheRangesOfTheService() {
    for (Map.Entry<String, String> maximum :
        Map.of("temperature", "2", "max_tokens", "10000", "top_p", "1").entrySet()) {
      assertThat(page.locator("#" + maximum.getKey())).hasAttribute("max", maximum.getValue());
    }
  }

  @Test
  void copiesTheSameRequestAsACurlCommand() {
    page.fill("#prompt", "It's");
    page.fill("#temperature", "0.5");
    page.click("#curl");

    assertThat(page.locator("#curl")).hasText("Copied");
    assertThat((String) page.evaluate("navigator.clipboard.readText()"))
        .isEqualTo(
            "curl -N %sgenerate -H 'Content-Type: application/json' -d '%s'"
                .formatted(root(), "{\"prompt\":\"It'\\''s\",\"temperature\":0.5}"));
    assertThat(page.locator("#curl")).hasText("Copy as curl");
  }

  /** The service here requires no key, so the test fakes its 401; {@code KeysIT} tests keys. */
  @Test
  void asksForAKeyAfterA401AndSendsIt() {
    Queue<String> sent = new ConcurrentLinkedQueue<>();
    page.route(
        "**/generate",
        route -> {
          String key = route.request().headers().get("authorization");
          if (key == null) {
            route.fulfill(
                new Route.FulfillOptions()
                    .setStatus(401)
                    .setContentType("application/problem+json")
                    .setBody("{\"detail\": \"a key is needed\"}"));
          } else {
            sent.add(key);
            route.resume();
          }
        });
    assertThat(page.locator("#key")).isHidden();
    write("ROMEO:", 5);
    assertThat(page.locator("#problem")).hasText("a key is needed");
    page.fill("#key", "open");
    page.press("#key", "Enter");
    assertThat(page.locator("#problem")).isHidden();
    page.click("#generate");
    assertThat(about()).containsText("5 characters by");

    assertThat(sent).containsExactly("Bearer open");
    page.click("#curl");
    assertThat(page.locator("#curl")).hasText("Copied");
    assertThat((String) page.evaluate("navigator.clipboard.readText()"))
        .contains("-H \"Authorization: Bearer $FOLIO_KEY\"")
        .doesNotContain("open");
  }

  @Test
  void showsProblemsAsSentences() {
    write("caf\u00e9 \u65e5\u672c", 10);

    assertThat(page.locator("#problem")).containsText("prompt: ");
    assertThat(page.locator("#problem")).containsText("\u00e9");
    assertThat(page.locator("#generate")).isEnabled();
    write("ROMEO:", 10);
    assertThat(about()).containsText("10 characters by");
    assertThat(page.locator("#problem")).isHidden();
  }

  @Test
  void announcesAModelSwap() {
    assertThat(page.locator("#serving")).containsText("erving ");

    String version = Models.serveSmall(checkpoints, 11);

    assertThat(page.locator("#serving")).hasText("Now serving " + version);
    page.click("text=Models");
    assertThat(page.locator("#model-rows")).containsText(version);
    assertThat(page.locator("#history li").last()).containsText(version);
    assertThat(page.locator("#checkpoint-rows tr", named(version))).containsText("CURRENT");
  }

  @Test
  void showsAScriptAsText() {
    Models.serveSmall(checkpoints, 12);
    write(SCRIPT, 300);
    assertThat(about()).containsText("300 characters by");
    assertThat(text(0).textContent()).startsWith(SCRIPT).hasSize(SCRIPT.length() + 300);

    page.click("text=Score");
    page.fill("#scored-text", SCRIPT);
    page.click("#judge");
    assertThat(page.locator("#losses")).containsText("nats");
    assertThat(page.locator("#coloured").textContent()).isEqualTo(SCRIPT);

    page.click("text=Write");
    write("\u00e9" + SCRIPT, 1);
    assertThat(page.locator("#problem")).isVisible();
    assertThat(page.evaluate("window.harmed")).isNull();
    assertThat(page.locator("main img, main script")).hasCount(0);
  }

  @Test
  void coloursCharactersBySurprise() {
    page.click("text=Score");
    page.fill("#scored-text", "the the\nthe thz");
    page.click("#judge");
    assertThat(page.locator("#losses")).hasText(Pattern.compile(".*nats.*bits per character.*"));
    Locator characters = page.locator("#coloured span");
    assertThat(characters).hasCount(15);
    JsonNode scored =
        Service.parse(
            given()
                .contentType("application/json")
                .body(Map.of("text", "the the\nthe thz"))
                .post("/score")
                .asString());
    assertThat(opacityOfRed(characters.nth(0))).as("nothing predicts it").isZero();
    for (int i = 1; i < 15; i++) {
      double nats = -scored.at("/tokens/" + i + "/logprob").asDouble();
      assertThat(opacityOfRed(characters.nth(i)))
          .as("%s, %s nats", i, nats)
          .isCloseTo(0.75 * Math.min(1, nats / 6), within(0.01));
    }

    characters.nth(14).hover();
    assertThat(page.locator("#about-character")).containsText("z: ");
    assertThat(page.locator("#about-character li")).hasCount(5);
    page.locator("#coloured").focus();
    page.keyboard().press("ArrowLeft");
    assertThat(page.locator("#about-character")).containsText("h: ");
    assertThat(characters.nth(13)).hasClass("here");
  }

  /** Returns the opacity of a character's red background, as the browser paints it. */
  private static double opacityOfRed(Locator character) {
    String colour = (String) character.evaluate("node => getComputedStyle(node).backgroundColor");
    Matcher matcher = Pattern.compile("rgba\\(226, 62, 40, ([0-9.]+)\\)").matcher(colour);
    assertThat(matcher.matches()).as(colour).isTrue();
    return Double.parseDouble(matcher.group(1));
  }

  @Test
  void worksWithTheKeyboardAlone() {
    page.fill("#max_tokens", "20");
    page.locator("#prompt").focus();
    for (int tabs = 0; tabs < 30 && !isFocused("generate"); tabs++) {
      page.keyboard().press("Tab");
    }
    page.keyboard().press("Enter");

    assertThat(about()).containsText("20 characters by");
  }

  private boolean isFocused(String id) {
    return id.equals(page.evaluate("document.activeElement.id"));
  }

  @Test
  void fitsAPhoneAndTheDarkColourScheme() {
    write("ROMEO:", 200);
    assertThat(about()).containsText("200 characters by");
    page.screenshot(shot("write"));
    page.click("text=Score");
    page.click("#judge");
    assertThat(page.locator("#losses")).containsText("nats");
    page.screenshot(shot("score"));
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
    page.setViewportSize(360, 740);
    for (String view : List.of("Score", "Models", "Write")) {
      page.click("nav >> text=" + view);
      assertThat((Boolean) page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"))
          .as("%s at 360 pixels", view)
          .isTrue();
    }
    page.screenshot(shot("phone"));
    String background = (String) page.evaluate("getComputedStyle(document.body).backgroundColor");
    assertThat(background).isEqualTo("rgb(22, 24, 28)");
  }

  /** Saves a screenshot for inspection by a person. */
  private static Page.ScreenshotOptions shot(String name) {
    return new Page.ScreenshotOptions()
        .setFullPage(true)
        .setPath(Path.of("target", "page-" + name + ".png"));
  }
}
