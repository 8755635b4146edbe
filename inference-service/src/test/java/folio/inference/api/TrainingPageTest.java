package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import com.microsoft.playwright.Locator;
import folio.inference.CheckpointFolder;
import folio.model.run.RunEvents;
import folio.model.run.RunStore;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of the view Training, and of the runs that it reads, in a real browser. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class TrainingPageTest extends PageTest {
  private static final String RUN = "6dbb9c1e-3b8e-4a0e-8c1e-0d3a1f9d2c11";

  private RunStore store() {
    return RunStore.at(checkpoints.toString(), Map.of());
  }

  @AfterEach
  void deleteRuns() throws IOException {
    store().deleteAllBut(0);
  }

  /** Writes the record of a run that has taken steps and published a version at step 100. */
  private void writeRun(int steps, String version, String end) throws IOException {
    StringBuilder lines = new StringBuilder();
    lines.append(
        """
        {"event":"begin","step":0,"time":"2026-11-23T18:45:00Z","corpus":{"name":"prose"},\
        "parameters":1234,"steps":400,"characters_per_step":2000}
        """);
    for (int step = 10; step <= steps; step += 10) {
      lines.append(
          String.format(
              Locale.ROOT,
              "{\"event\":\"progress\",\"step\":%d,\"training_loss_nats\":%.3f,"
                  + "\"characters_per_second\":20000}%n",
              step,
              3 - step / 200.0));
      if (step == 100) {
        lines.append(
            "{\"event\":\"evaluation\",\"step\":100,\"loss_nats\":{\"windows-256\":2.6}}\n");
        lines.append(
            "{\"event\":\"published\",\"step\":100,\"version\":\"%s\",\"promoted\":true}%n"
                .formatted(version));
        lines.append("{\"event\":\"sample\",\"step\":100,\"text\":\"<b>To be</b>\"}\n");
        lines.append(
            "{\"event\":\"prediction\",\"step\":100,\"text\":\"good\",\"predicted\":\"gond\","
                + "\"logprobs\":[-0.1,-0.2,-3.0,-0.7]}\n");
      }
    }
    lines.append(end);
    byte[] record = lines.toString().replace("\\\n", "").getBytes(StandardCharsets.UTF_8);
    store().write(RUN, RunEvents.parse(record));
  }

  @Test
  void showsARunWhileItTrainsAndItsCheckpointTakingOver() throws IOException {
    openView("Training");
    assertThat(page.locator("#no-runs")).containsText("--live");

    String version = Models.serveSmall(checkpoints, 40);
    writeRun(100, version, "");

    assertThat(page.locator("#run-choice")).containsText("prose");
    assertThat(page.locator("#run-state")).hasText("The run is training.");
    assertThat(page.locator("#run-figures")).containsText("100 of 400");
    assertThat(page.locator("#run-figures")).containsText("30 s"); // 300 steps of 2,000 characters
    assertThat(page.locator("#run-figures")).containsText("20,000");
    assertThat(page.locator("#run-charts svg")).hasCount(2);
    assertThat(page.locator("#run-charts polyline")).hasCount(3);
    assertThat(page.locator("#run-charts circle title")).hasText(version);
    assertThat(page.locator("#run-published"))
        .hasText(
            Pattern.compile(
                "Step 100: published "
                    + version
                    + "; this service took it over at .* and serves it now\\."));
    assertThat(page.locator("#run-samples pre")).hasText("<b>To be</b>");
    Locator target = page.locator("#run-target-text span");
    assertThat(target).hasCount(4);
    assertThat(target.nth(2)).hasAttribute("title", "5.0 %, expected n");

    writeRun(200, version, "");
    assertThat(page.locator("#run-figures")).containsText("200 of 400");
    writeRun(400, version, "{\"event\":\"end\",\"step\":400,\"whole\":true}\n");
    assertThat(page.locator("#run-state")).hasText("The run has ended.");
  }

  @Test
  void describesRunsOverHttp() throws IOException {
    writeRun(100, "v", "{\"event\":\"end\",\"step\":100,\"whole\":false}\n{\"event\":\"resu");

    given().get("/runs").then().statusCode(200).body("", hasSize(1)).body("[0].run", equalTo(RUN));
    given()
        .get("/runs/" + RUN)
        .then()
        .statusCode(200)
        .body("summary.state", equalTo("stopped"))
        .body("summary.corpus", equalTo("prose"))
        .body("training", hasSize(10))
        .body("validation.windows-256[0].value", equalTo(2.6f))
        .body("published[0].version", equalTo("v"));
    for (String unknown : new String[] {"other", "../CURRENT", "..%2fCURRENT"}) {
      given().get("/runs/{run}", unknown).then().statusCode(404);
    }
  }
}
