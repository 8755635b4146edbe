package folio.inference.api.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.generate.GenerateAnswer;
import folio.inference.api.generate.Generations;
import folio.inference.api.generate.ResponseFormat;
import folio.inference.api.http.StreamEncoder;
import folio.inference.api.openai.CompletionAnswer.Choice;
import folio.inference.api.openai.CompletionAnswer.Heading;
import folio.inference.api.openai.CompletionAnswer.Logprobs;
import folio.inference.api.problem.OpenAiError;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.TokenLogprob;
import folio.inference.generation.Usage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The choices of one {@code POST /v1/completions} on their way out: how many characters each has
 * told, and what all of them used. Owned by the request's event loop.
 */
final class CompletionChoices implements StreamEncoder {
  private final Heading heading;
  private final List<GenerationRequest> requests;
  private final int choicesAPrompt;
  private final boolean tellsUsage;
  private final int[] told;
  private int promptTokens;
  private int completionTokens;

  /**
   * Nothing is told yet.
   *
   * @param requests one a choice, those of a prompt side by side
   * @param tellsUsage whether a stream's last event does
   */
  CompletionChoices(
      Heading heading, List<GenerationRequest> requests, int choicesAPrompt, boolean tellsUsage) {
    this.heading = heading;
    this.requests = requests;
    this.choicesAPrompt = choicesAPrompt;
    this.tellsUsage = tellsUsage;
    this.told = new int[requests.size()];
  }

  /** The whole answer. */
  CompletionAnswer whole(List<Generations.Completed> all) {
    List<Choice> choices =
        IntStream.range(0, all.size())
            .mapToObj(
                index -> {
                  Generations.Completed one = all.get(index);
                  use(index, one.end().usage());
                  return new Choice(
                      one.text(),
                      index,
                      logprobs(index, one.logprobs()),
                      one.end().reason().wireName(),
                      one.end().seed(),
                      one.end().modelVersion());
                })
            .toList();
    return heading.with(choices, usage());
  }

  @Override
  public byte[] encode(int index, GenerationEvent event, ObjectMapper json) {
    if (event instanceof GenerationEvent.Text text) {
      Logprobs logprobs = logprobs(index, text.logprobs());
      return event(new Choice(text.text(), index, logprobs, null, null, null), json);
    }
    if (event instanceof GenerationEvent.Finished end) {
      use(index, end.usage());
      return event(
          new Choice("", index, null, end.reason().wireName(), end.seed(), end.modelVersion()),
          json);
    }
    return data(OpenAiError.failed(((GenerationEvent.Failed) event).message()), json);
  }

  private byte[] event(Choice choice, ObjectMapper json) {
    return data(heading.with(List.of(choice), null), json);
  }

  @Override
  public byte[] end(ObjectMapper json) {
    String usage = tellsUsage ? line(heading.with(List.of(), usage()), json) : "";
    return (usage + ResponseFormat.DONE).getBytes(StandardCharsets.UTF_8);
  }

  private void use(int index, Usage usage) {
    promptTokens += index % choicesAPrompt == 0 ? usage.promptTokens() : 0;
    completionTokens += usage.completionTokens();
  }

  private GenerateAnswer.Tokens usage() {
    return GenerateAnswer.Tokens.of(new Usage(promptTokens, completionTokens));
  }

  /** Null if none were asked for. The first character of a prompt has none. */
  private Logprobs logprobs(int index, List<TokenLogprob> more) {
    GenerationRequest request = requests.get(index);
    if (request.logprobs() < 0) {
      return null;
    }
    String prompt = request.prompt();
    boolean begins = request.scoresPrompt() && told[index] == 0;
    int before = request.scoresPrompt() ? 0 : prompt.codePointCount(0, prompt.length());
    Logprobs lists =
        Logprobs.of(
            begins ? Character.toString(prompt.codePointAt(0)) : null, more, before + told[index]);
    told[index] += lists.tokens().size();
    return lists;
  }

  private static byte[] data(Object event, ObjectMapper json) {
    return line(event, json).getBytes(StandardCharsets.UTF_8);
  }

  private static String line(Object event, ObjectMapper json) {
    try {
      return "data: " + json.writeValueAsString(event) + "\n\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of numbers and text can be written", e);
    }
  }
}
