package folio.inference.api.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.StreamingResponseHandler;
import dev.langchain4j.model.openai.OpenAiLanguageModel;
import dev.langchain4j.model.openai.OpenAiStreamingLanguageModel;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.Response;
import folio.inference.CheckpointFolder;
import folio.inference.api.Models;
import folio.inference.api.Service;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests of the routes below {@code /v1} with OpenAI's Python client and LangChain4j. The Python
 * client needs a Python with the package {@code openai}, which FOLIO_PYTHON names; {@code .ci/run}
 * installs one.
 */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class OpenAiClientsTest {
  private static final String PYTHON = System.getenv().getOrDefault("FOLIO_PYTHON", "python3");
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  @BeforeEach
  void serve() {
    String version = Models.serveSlow(checkpoints, 43);
    Service service = new Service(RestAssured.port);
    Service.await(
        "the model to be the only one",
        () ->
            Service.parse(service.get("/models").body())
                .findValuesAsText("version")
                .equals(List.of(version)));
  }

  private static String root() {
    return "http://127.0.0.1:" + RestAssured.port;
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + "\n" + output;
  }

  @Test
  void worksWithTheOfficialPythonClient() throws Exception {
    String found;
    try {
      found = run(List.of(PYTHON, "-c", "import openai"));
    } catch (IOException e) {
      found = e.getMessage();
    }
    String reason = PYTHON + " lacks the package openai; set FOLIO_PYTHON to a Python that has it";
    Assumptions.assumeTrue(found.startsWith("0\n"), reason);

    Path script = Path.of("src/test/resources/clients/openai_client.py");
    assertThat(run(List.of(PYTHON, script.toString(), root()))).startsWith("0\nopenai ");
  }

  private static OpenAiLanguageModel langChain(String model, Double temperature) {
    return OpenAiLanguageModel.builder()
        .baseUrl(root() + "/v1")
        .apiKey("none")
        .modelName(model)
        .temperature(temperature)
        .maxRetries(0)
        .timeout(TIMEOUT)
        .build();
  }

  @Test
  void worksWithLangChainsModel() {
    Response<String> answer = langChain("current", 0.0).generate("ROMEO:");

    assertThat(answer.content()).hasSize(16);
    assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(answer.tokenUsage().inputTokenCount()).isEqualTo(6);
    assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(16);
  }

  @Test
  void worksWithLangChainsStreamingModel() {
    OpenAiStreamingLanguageModel model =
        OpenAiStreamingLanguageModel.builder()
            .baseUrl(root() + "/v1")
            .apiKey("none")
            .modelName("current")
            .temperature(0.0)
            .timeout(TIMEOUT)
            .build();
    StringBuilder text = new StringBuilder();
    CompletableFuture<Response<String>> end = new CompletableFuture<>();
    model.generate(
        "ROMEO:",
        new StreamingResponseHandler<String>() {
          @Override
          public void onNext(String token) {
            text.append(token);
          }

          @Override
          public void onComplete(Response<String> response) {
            end.complete(response);
          }

          @Override
          public void onError(Throwable error) {
            end.completeExceptionally(error);
          }
        });

    assertThat(end.join().content()).isEqualTo(text.toString());
    assertThat(text.toString()).isEqualTo(langChain("current", 0.0).generate("ROMEO:").content());
  }

  @Test
  void langChainDistinguishesErrors() {
    assertThatThrownBy(() -> langChain("no-such-model", 0.0).generate("a"))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("no model of version no-such-model is resident");
    assertThatThrownBy(() -> langChain("current", 9.0).generate("a"))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("temperature");
  }
}
