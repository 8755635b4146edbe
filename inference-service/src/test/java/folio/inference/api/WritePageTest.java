package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Route;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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

  @Test
  void aBeginningFromTheFirstTextIsWrittenOn() {
    Locator beginnings = page.locator("#beginnings button");
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
  void anInvalidSeedIsRejectedAndReplacesNothing() {
    write("ROMEO:", 20);
    assertThat(about()).containsText("wrote 20 characters");
    String written = text(0).textContent();
    page.click("#more > summary");
    for (String seed : List.of("abc", "-", "9007199254740993", "1.5")) {
      page.fill("#seed", seed);
      for (String button : List.of("#generate", "#curl")) {
        page.click(button);
        assertThat(page.locator("#seed-problem")).containsText("The seed is " + seed);
        assertThat(page.locator("#seed")).hasAttribute("aria-invalid", "true");
      }
    }
    assertThat(text(0).textContent()).isEqualTo(written);
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
  void namesTheLegalValuesOfANumberThatIsMissing() {
    page.click("#more > summary");
    for (String temperatures : List.of("hot", "0.3, x")) {
      page.fill("#temperatures", temperatures);
      page.click("#generate");
      assertThat(page.locator("#temperatures-problem"))
          .hasText(Pattern.compile("Temperature is (hot|x); it must be 0 to 2\\."));
    }
    page.fill("#temperatures", "0,3; -1");
    page.click("#generate");
    assertThat(page.locator("#temperatures-problem"))
        .hasText("Temperature is -1; it must be 0 to 2.");
    page.fill("#temperatures", "0,0.1,0.2,0.3");
    page.click("#generate");
    assertThat(page.locator("#temperatures-problem"))
        .hasText(Pattern.compile("4 temperatures .* at most 3 .*"));
    page.fill("#temperatures", "");
    page.fill("#max_tokens", "");
    page.click("#generate");
    assertThat(page.locator("#max_tokens-problem"))
        .hasText("Characters is empty; it must be 1 to 10000.");
    assertThat(page.locator("#temperatures-problem")).hasCount(0);
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
    page.click("#more > summary");
    page.click("#curl");

    assertThat(page.locator("#curl")).hasText("Copied");
    assertThat(clipboard())
        .isEqualTo(
            "curl -N %sgenerate -H 'Accept: text/plain' -H 'Content-Type: application/json' -d '%s'"
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
    assertThat(about()).containsText("wrote 5 characters");

    assertThat(sent).containsExactly("Bearer open");
    page.click("#more > summary");
    page.click("#curl");
    assertThat(page.locator("#curl")).hasText("Copied");
    assertThat(clipboard())
        .contains("-H \"Authorization: Bearer $FOLIO_KEY\"")
        .doesNotContain("open");
  }

  /** The text before stays, with its buttons, since the rejected request has written nothing. */
  @Test
  void anErrorStandsAtItsFieldAndNothingIsLost() {
    write("ROMEO:", 20);
    assertThat(about()).containsText("wrote 20 characters");
    String written = text(0).textContent();

    write("caf\u00e9", 10);

    Locator problem = page.locator("#prompt-problem");
    assertThat(problem).containsText("Prompt: character '\u00e9' (U+00E9) at position 3");
    assertThat(page.locator("#prompt")).hasAttribute("aria-invalid", "true");
    assertThat(page.locator("#prompt"))
        .hasAttribute("aria-describedby", "prompt-hint prompt-problem");
    assertThat(text(0)).hasText(written);
    page.click("#texts .continue");
    assertThat(about()).containsText("wrote 30 characters");
    assertThat(problem).hasCount(0);
    for (String length : List.of("99999", "0", "-1")) {
      page.fill("#max_tokens", length);
      page.click("#generate");
      assertThat(page.locator("#max_tokens-problem"))
          .hasText("Characters is " + length + "; it must be 1 to 10000");
      assertThat(about()).containsText("wrote 30 characters");
    }
  }

  @Test
  void offersToReplaceCharactersThatTheModelDoesNotKnow() {
    Models.serveSmall(checkpoints, 14);
    page.reload();
    assertThat(about()).containsText("wrote 400 characters");
    write("Caf\u00e9 \u2013 \u201cna\u00efve\u201d \u65e5\u672c", 10);
    assertThat(page.locator("#prompt-problem"))
        .containsText("The model knows: line break space ! \" # $ % & ' ( ) * + , - . / 0 to 9");

    page.click(".replace");

    assertThat(page.locator("#prompt")).hasValue("Cafe - \"naive\" ");
    assertThat(page.locator("#prompt-problem")).hasCount(0);
    page.click("#generate");
    assertThat(about()).containsText("wrote 10 characters");
  }

  /** The model that computed the state is gone, so the service rejects the state. */
  @Test
  void aStateThatCannotBeContinuedIsReadAgain() {
    Models.serveSmall(checkpoints, 15);
    write("KING", 20);
    assertThat(about()).containsText("wrote 20 characters");
    String written = text(0).textContent();
    Models.serveSmall(checkpoints, 16);
    String last = Models.serveSmall(checkpoints, 17);

    page.click("#texts .continue");

    assertThat(about()).containsText(last + " wrote 40 characters");
    assertThat(text(0)).containsText(written);
    assertThat(page.locator("#problem")).isHidden();
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
  void aLinkShowsTheSameText() {
    page.fill("#temperature", "0.7");
    write("KING & \"QUEEN\"?".replace("\"", ""), 50);
    assertThat(about()).containsText("wrote 50 characters");
    String written = text(0).textContent();
    page.click("#more > summary");
    page.click("#link");
    assertThat(page.locator("#link")).hasText("Copied");
    String link = clipboard();
    assertThat(link).isEqualTo(page.url()).contains("#write?prompt=KING+%26", "temperature=0.7");

    for (String address : List.of(link, root())) { // a link in an open page, then in a new one
      page.navigate(address);
    }
    page.navigate("about:blank");
    page.navigate(link);

    assertThat(about()).containsText("wrote 50 characters");
    assertThat(text(0)).hasText(written);
    assertThat(page.locator("#prompt")).hasValue("KING & QUEEN?");
    assertThat(page.locator("#temperature")).hasValue("0.7");
  }

  /**
   * A longer request writes the same as a request and its continuation; a text of two people is in
   * no request.
   */
  @Test
  void theAddressFollowsTheTextAsFarAsARequestCanRepeatIt() {
    write("KING", 20);
    assertThat(about()).containsText("wrote 20 characters");
    page.click("#texts .continue");
    assertThat(about()).containsText("wrote 40 characters");
    String written = text(0).textContent();
    assertThat(page.url()).contains("max_tokens=40");
    page.reload();
    assertThat(about()).containsText("wrote 40 characters");
    assertThat(text(0)).hasText(written);

    page.click("#generate"); // another text, although the address had a seed
    assertThat(about()).containsText("wrote 40 characters");
    page.waitForCondition(() -> !text(0).textContent().equals(written));

    page.fill("#temperature", "0.2");
    page.click("#texts .continue");
    assertThat(about()).containsText("wrote 80 characters");
    assertThat(page.url()).endsWith("#write");
  }

  @Test
  void saysThatTheModelOfALinkIsGone() {
    page.navigate("about:blank");
    page.navigate(
        root() + "#write?prompt=KING&max_tokens=9&seed=4&model=20200101T000000Z-00000000");

    assertThat(page.locator("#problem"))
        .containsText("The link was made with 20200101T000000Z-00000000, which is not loaded.");
    assertThat(about()).containsText("wrote 9 characters");
  }

  @Test
  void keepsEarlierTextsOnThisDeviceUntilTheyAreDeleted() {
    assertThat(page.locator("#earlier-box")).isHidden();
    write("ROMEO:", 20);
    assertThat(about()).containsText("wrote 20 characters");
    String romeo = text(0).textContent();
    write("JULIET:", 21);
    assertThat(about()).containsText("wrote 21 characters");
    page.reload();
    assertThat(text(0)).hasText(Pattern.compile("JULIET:.{21}", Pattern.DOTALL)); // by the address

    page.click("#earlier-box > summary");
    Locator entries = page.locator("#earlier li");
    assertThat(entries).hasCount(2);
    entries.nth(1).locator(".link").click();

    assertThat(text(0)).hasText(romeo);
    assertThat(page.locator("#prompt")).hasValue("ROMEO:");
    page.click("#texts .continue");
    assertThat(about()).containsText("wrote 40 characters");
    assertThat(text(0)).containsText(romeo);
    entries.nth(0).locator("text=Delete").click();
    assertThat(entries).hasCount(1);
    page.click("#forget");
    assertThat(page.locator("#earlier-box")).isHidden();
    assertThat((String) page.evaluate("localStorage.getItem('folio.texts')")).isEqualTo("[]");
  }

  @Test
  void copiesAPythonProgramThatWritesTheText() throws IOException, InterruptedException {
    page.fill("#prompt", "It's \\ so:\n");
    page.fill("#temperature", "0");
    page.fill("#max_tokens", "30");
    page.click("#more > summary");
    page.click("#python");
    assertThat(page.locator("#python")).hasText("Copied");
    Path program = Path.of("target", "copied.py");
    Files.writeString(program, clipboard());

    Process python =
        new ProcessBuilder("python3", program.toString()).redirectErrorStream(true).start();
    String printed = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(python.waitFor()).as(printed).isZero();

    page.click("#generate");
    assertThat(about()).containsText("wrote 30 characters");
    assertThat("It's \\ so:\n" + printed).isEqualTo(text(0).textContent());
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
