package folio.inference.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Swagger UI in a real browser, under its content security policy. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class SwaggerUiTest extends BrowserTest {
  private static final String PATH = "/q/swagger-ui/";

  @Test
  void callsTheServiceAndNoOtherHost() {
    Service.awaitReady(RestAssured.port);
    String policy =
        new Service(RestAssured.port)
            .get(PATH)
            .headers()
            .firstValue("Content-Security-Policy")
            .orElseThrow();
    assertThat(policy).contains("default-src 'none'", "frame-ancestors 'none'");

    String root = "http://127.0.0.1:" + RestAssured.port;
    Page page = chromium.open(root + "/");
    page.navigate(root + PATH);
    Locator operation = page.locator("#operations-models-listModels");
    operation.click();
    operation.getByText("Try it out").click();
    operation.getByText("Execute").click();

    assertThat(operation.locator(".live-responses-table")).containsText("characters");
    chromium.closePage(); // fails if the policy blocked anything
  }
}
