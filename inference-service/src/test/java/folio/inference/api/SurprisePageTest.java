package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.microsoft.playwright.Locator;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of the colours and alternatives of a text that the model writes, in a real browser. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class SurprisePageTest extends PageTest {
  private Locator characters() {
    return page.locator("#texts .coloured > span:last-child > span");
  }

  private Locator alternatives() {
    return page.locator("#texts .alternatives");
  }

  private List<String> shades(int count) {
    List<String> shades = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      shades.add(characters().nth(i).getAttribute("style"));
    }
    return shades;
  }

  /** A text that was written without colours is scored afterwards; both ways give the same. */
  @Test
  void coloursATextWhileItIsWrittenOrAfterwards() {
    page.click("#more > summary");
    page.fill("#seed", "3");
    write("ROMEO:", 30);
    assertThat(about()).containsText("wrote 30 characters");
    String plain = text(0).textContent();

    page.check("#surprise");
    assertThat(characters()).hasCount(30);
    List<String> afterwards = shades(30);
    assertThat(afterwards).allMatch(style -> style.startsWith("--shade:")).doesNotHaveDuplicates();
    page.click("#generate");
    assertThat(about()).containsText("wrote 30 characters");

    assertThat(characters()).hasCount(30);
    for (int i = 0; i < 30; i++) {
      assertThat(number(shades(30).get(i))).isCloseTo(number(afterwards.get(i)), within(1e-4));
    }
    page.uncheck("#surprise");
    assertThat(text(0).textContent()).isEqualTo(plain);
  }

  private static double number(String style) {
    return Double.parseDouble(style.replaceAll("--shade: *|;", ""));
  }

  @Test
  void aClickOnAnAlternativeWritesFromThereAnew() {
    page.check("#surprise");
    page.click("#more > summary");
    page.fill("#seed", "3");
    write("ROMEO:", 150); // two pieces: the second one continues a saved state
    assertThat(about()).containsText("wrote 150 characters");
    String before = text(0).textContent();
    List<String> sent = new CopyOnWriteArrayList<>();
    page.onRequest(
        request -> {
          if (request.url().endsWith("/generate")) {
            sent.add(request.postData());
          }
        });

    characters().nth(120).hover();
    assertThat(alternatives()).containsText("nats, rank");
    assertThat(alternatives().locator("button")).hasCount(5);
    Locator other = alternatives().locator("button:not(:disabled)").first();
    String label = other.textContent();
    other.click();

    assertThat(about()).containsText("wrote 271 characters");
    assertThat(characters().nth(120)).hasClass("chosen");
    String after = text(0).textContent();
    assertThat(after.replace("\u23ce", ""))
        .startsWith(before.replace("\u23ce", "").substring(0, 120));
    assertThat(label).startsWith(characters().nth(120).textContent().replace("\u23ce\n", "\u23ce"));
    assertThat(page.url()).as("no request repeats the text").endsWith("#write");
    assertThat(sent.get(0))
        .as("the fork reads at most a piece")
        .contains("\"state\"")
        .contains("\"prompt\"");
    assertThat(sent.get(0).replaceAll(".*\"prompt\":\"", "")).hasSizeLessThan(60);
  }

  @Test
  void theKeyboardChoosesACharacterAndAnAlternative() {
    page.check("#surprise");
    write("ROMEO:", 20);
    assertThat(about()).containsText("wrote 20 characters");
    text(0).focus();
    for (int i = 0; i < 4; i++) {
      page.keyboard().press("ArrowRight");
    }
    assertThat(characters().nth(3)).hasClass("here");
    assertThat(alternatives()).isVisible();
    page.keyboard().press("Escape");
    assertThat(alternatives()).isHidden();
    page.keyboard().press("ArrowLeft");
    assertThat(characters().nth(2)).hasClass("here");
    List<Locator> buttons = alternatives().locator("button").all();
    int enabled = buttons.get(0).isEnabled() ? 1 : 2;

    page.keyboard().press(String.valueOf(enabled));

    assertThat(about()).hasText(Pattern.compile(".* wrote 23 characters.*"));
    assertThat(characters().nth(2)).hasClass("chosen");
  }
}
