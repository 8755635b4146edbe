package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.JSHandle;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.FilePayload;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of the view Score in a real browser. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class ScorePageTest extends PageTest {
  private Locator losses() {
    return page.locator("#scored .losses");
  }

  private void score(String text) {
    openView("Score");
    page.fill("#scored-text", text);
    page.click("#judge");
  }

  @Test
  void coloursCharactersBySurprise() {
    score("the the\nthe thz");
    assertThat(losses())
        .hasText(
            Pattern.compile(
                ".*: \\d\\.\\d{4} nats, \\d\\.\\d{4} bits per character,"
                    + " as unsure as choosing among \\d+\\.\\d characters\\."));
    Locator characters = page.locator("#scored .coloured span");
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

    Locator about = page.locator("#scored .about-character");
    characters.nth(14).hover();
    assertThat(about).containsText("z: ");
    assertThat(about.locator("li")).hasCount(5);
    page.locator("#scored .coloured").focus();
    page.keyboard().press("ArrowLeft");
    assertThat(about).containsText("h: ");
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
  void listsTheHardestWordsAndLeadsToThem() {
    score("the king xqzj the");
    assertThat(page.locator("#scored .words button:has-text('(2 times)')"))
        .hasText(Pattern.compile("the .*"));

    Locator words = page.locator("#scored .words button");
    assertThat(words).hasCount(3);
    double last = Double.MAX_VALUE;
    for (Locator word : words.all()) {
      double nats = Double.parseDouble(word.textContent().replaceAll("^\\S+ | \\(.*", ""));
      assertThat(nats).isLessThanOrEqualTo(last);
      last = nats;
    }
    page.locator("#scored .words button:has-text('xqzj')").click();
    assertThat(page.locator("#scored .coloured span").nth(9)).hasClass("here");
  }

  @Test
  void scoresATextOfTheViewWriteWithOneClick() {
    write("ROMEO:", 40);
    assertThat(about()).containsText("wrote 40 characters");
    String written = text(0).textContent();

    page.click("#texts .score");

    assertThat(page).hasTitle("Score \u00b7 Folio");
    assertThat(page.locator("#scored-text")).hasValue(written);
    assertThat(losses()).containsText("nats");
  }

  @Test
  void takesFilesByDropOrByTheKeyboard() {
    openView("Score");
    page.setInputFiles("#file", file("ROMEO:\r\nSoft"));
    assertThat(page.locator("#scored-text")).hasValue("ROMEO:\nSoft");
    assertThat(page.locator("#scored .coloured span")).hasCount(11);

    JSHandle files =
        page.evaluateHandle(
            "text => { const all = new DataTransfer();"
                + " all.items.add(new File([text], 'a.txt')); return all; }",
            "a".repeat(10_005));
    page.dispatchEvent("#scored-text", "drop", Map.of("dataTransfer", files));
    assertThat(page.locator("#scored-hint"))
        .hasText(Pattern.compile("The first 10,000 of [0-9,]+ characters are shown.*"));
    assertThat(page.locator("#scored .coloured span")).hasCount(10_000);
  }

  private static FilePayload file(String text) {
    return new FilePayload("a.txt", "text/plain", text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void showsTwoModelsSideBySide() {
    String first = Models.serveSmall(checkpoints, 31);
    score("the king");
    assertThat(losses()).hasText(Pattern.compile(first + ": .*"));
    String second = Models.serveSmall(checkpoints, 32);
    page.click("#judge");

    assertThat(losses()).hasCount(2);
    assertThat(losses().nth(0)).containsText(first);
    assertThat(losses().nth(1)).containsText(second);
    Locator boxes = page.locator("#scored .coloured");
    assertThat(boxes.nth(1).boundingBox().x).isGreaterThan(boxes.nth(0).boundingBox().x + 300);
    score("the queen");
    assertThat(losses()).hasCount(1);
  }

  @Test
  void anErrorStandsAtTheText() {
    score("x");

    assertThat(page.locator("#scored-text-problem")).containsText("Text is 1 character;");
    assertThat(page.locator("#judge")).isEnabled();
    page.fill("#scored-text", "the \u65e5");
    page.click("#judge");
    page.click(".replace");
    assertThat(page.locator("#scored-text")).hasValue("the ");
  }
}
