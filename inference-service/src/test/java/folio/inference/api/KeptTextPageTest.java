package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of links, copied programs and the texts of this device, in a real browser. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class KeptTextPageTest extends PageTest {
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
    page.click("#earlier-box > summary");
    page.locator("#earlier .link").first().click();
    assertThat(about()).containsText("This text was written before");
    assertThat(page.url()).endsWith("#write");
  }

  @Test
  void anEarlierTextTakesThePlaceOfOneThatIsBeingWritten() {
    write("ROMEO:", 20);
    assertThat(about()).containsText("wrote 20 characters");
    String written = text(0).textContent();
    page.click("#earlier-box > summary");
    Models.serveVerySlow(checkpoints, 19);
    write("JULIET:", 10_000);
    page.waitForCondition(() -> text(0).textContent().length() > 10);

    page.locator("#earlier .link").first().click();

    assertThat(text(0)).hasText(written);
    Service.await("every slot to be free", () -> service.metric("folio_requests_running ") == 0);
    assertThat(page.locator("#stop")).isDisabled();
    Models.serveSmall(checkpoints, 1); // the next test need not wait for a slow one
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
}
