package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Route;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of what the view Write does with wrong input and failed requests, in a real browser. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class WrongInputPageTest extends PageTest {
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
}
