import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import okhttp3.Call;
import okhttp3.Response;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.JSON;
import org.openapitools.client.api.GenerateApi;
import org.openapitools.client.api.ModelsApi;
import org.openapitools.client.api.OpenaiApi;
import org.openapitools.client.api.ScoreApi;
import org.openapitools.client.model.Completion;
import org.openapitools.client.model.CompletionRequest;
import org.openapitools.client.model.CompletionRequestPrompt;
import org.openapitools.client.model.GenerateAnswer;
import org.openapitools.client.model.GenerateEvent;
import org.openapitools.client.model.GenerateRequest;
import org.openapitools.client.model.OpenAiError;
import org.openapitools.client.model.Problem;
import org.openapitools.client.model.ScoreAnswer;
import org.openapitools.client.model.ScoreRequest;

/**
 * Calls every endpoint with the Java client of openapi-generator: {@code java GeneratedClient ROOT
 * KEY}.
 */
final class GeneratedClient {
  private final String root;
  private final String key;

  private GeneratedClient(String root, String key) {
    this.root = root;
    this.key = key;
  }

  public static void main(String[] arguments) throws Exception {
    new GeneratedClient(arguments[0], arguments[1]).run();
  }

  private ApiClient client() {
    ApiClient client = new ApiClient().setBasePath(root);
    client.setBearerToken(key);
    return client;
  }

  private void run() throws Exception {
    ModelsApi models = new ModelsApi(client());
    String current = models.getModel("current").getVersion();
    check(models.listModels().stream().anyMatch(model -> model.getVersion().equals(current)));
    check(models.listCheckpoints().stream().anyMatch(one -> one.getVersion().equals(current)));
    check(models.listActivations().stream().anyMatch(one -> one.getVersion().equals(current)));
    check(models.listRuns().isEmpty());
    check(rejected(404, () -> models.getRun("none"), Problem.class).getReason().equals("unknown_run"));
    GenerateApi generate = new GenerateApi(client());
    check(generate.listParameters().get("temperature").getMaximum() == 2);
    check(rejected(404, () -> models.getModel("none"), Problem.class).getReason().equals("unknown_model"));

    // The answer and the streams of a request have the same text.
    GenerateRequest request = new GenerateRequest().prompt("ROMEO:").maxTokens(20).seed(7L).stop(null);
    GenerateAnswer answer = generate.generate("generated", request);
    check(answer.getText().codePointCount(0, answer.getText().length()) == 20 && answer.getSeed() == 7);
    check(answer.getUsage().getTotalTokens() == 26);
    check(stream(request, "text/plain").equals(answer.getText()));
    check(textOf(stream(request, "application/x-ndjson").lines()).equals(answer.getText()));
    List<String> events = stream(request, "text/event-stream").lines().filter(line -> !line.isEmpty()).toList();
    check(events.get(events.size() - 1).equals("data: [DONE]"));
    check(textOf(events.stream().limit(events.size() - 1).map(line -> line.substring("data: ".length())))
            .equals(answer.getText()));
    check(generate.generate(null, new GenerateRequest()).getUsage().getCompletionTokens() == 256);
    Problem invalid =
        rejected(400, () -> generate.generate(null, new GenerateRequest().temperature(9.0)), Problem.class);
    check(invalid.getField().equals("temperature") && invalid.getReason().equals("out_of_range"));

    ScoreAnswer scored = new ScoreApi(client()).score(new ScoreRequest().text("ROMEO:").top(2));
    check(scored.getTokens().size() == 6 && scored.getTokens().get(0).getLogprob() == null);
    check(scored.getTokens().get(5).getTop().size() == 2);

    complete(answer.getText());
    ApiClient keyless = new ApiClient().setBasePath(root);
    check(rejected(401, () -> new ModelsApi(keyless).listModels(), Problem.class).getStatus() == 401);
  }

  /**
   * Calls OpenAI's routes: a text, log-probabilities with null, and a stream. The code that version
   * 7.26 of the generator writes cannot send a list of texts.
   */
  private void complete(String expected) throws Exception {
    OpenaiApi openai = new OpenaiApi(client());
    check(openai.listOpenAiModels().getData().get(0).getId().equals("current"));
    check(openai.getOpenAiModel("current").getObject().equals("model"));
    Completion one =
        openai.createCompletion(
            new CompletionRequest()
                .prompt(new CompletionRequestPrompt("ROMEO:"))
                .maxTokens(20)
                .seed(7L)
                .echo(true)
                .logprobs(1));
    check(one.getChoices().get(0).getText().equals("ROMEO:" + expected));
    check(one.getChoices().get(0).getLogprobs().getTokenLogprobs().get(0) == null);
    CompletionRequest plain = new CompletionRequest().prompt(new CompletionRequestPrompt("A"));
    check(openai.createCompletion(plain).getChoices().get(0).getLogprobs() == null);
    CompletionRequest asStream =
        new CompletionRequest().prompt(new CompletionRequestPrompt("A")).stream(true);
    String streamed = text(openai.createCompletionCall(asStream, null).execute());
    check(streamed.startsWith("data: {") && streamed.endsWith("data: [DONE]\n\n"));
    OpenAiError missing = rejected(404, () -> openai.getOpenAiModel("none"), OpenAiError.class);
    check(missing.getError().getCode().equals("model_not_found"));
  }

  /** Returns a stream as text. The generated call asks for JSON, so another Accept replaces it. */
  private String stream(GenerateRequest request, String accept) throws Exception {
    ApiClient client = client();
    Call call = new GenerateApi(client).generateCall(null, request, null);
    Response response =
        client
            .getHttpClient()
            .newCall(call.request().newBuilder().header("Accept", accept).build())
            .execute();
    check(response.header("Content-Type").startsWith(accept));
    return text(response);
  }

  private static String text(Response response) throws IOException {
    try (response) {
      check(response.code() == 200);
      return response.body().string();
    }
  }

  private static String textOf(Stream<String> events) {
    return events
        .map(event -> JSON.getGson().fromJson(event, GenerateEvent.class).getText())
        .collect(Collectors.joining());
  }

  /** A request of the client. */
  private interface Sent {
    Object send() throws ApiException;
  }

  private static <T> T rejected(int status, Sent request, Class<T> problem) {
    try {
      request.send();
    } catch (ApiException e) {
      check(e.getCode() == status);
      return JSON.getGson().fromJson(e.getResponseBody(), problem);
    }
    throw new AssertionError("the request was not rejected");
  }

  private static void check(boolean condition) {
    if (!condition) {
      throw new AssertionError();
    }
  }
}
