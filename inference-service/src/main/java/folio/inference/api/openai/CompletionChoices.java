package folio.inference.api.openai;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.api.generate.GenerateAnswer;
import folio.inference.api.generate.GenerationService;
import folio.inference.api.http.EventFraming;
import folio.inference.api.http.StreamEncoder;
import folio.inference.api.openai.CompletionAnswer.Choice;
import folio.inference.api.openai.CompletionAnswer.Heading;
import folio.inference.api.openai.CompletionAnswer.Logprobs;
import folio.inference.api.problem.OpenAiError;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.RequestGroup;
import folio.inference.generation.Usage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The choices of one {@code POST /v1/completions} while its answer is written: the text offset of
 * each choice and the usage of all. Only the event loop of the request uses it.
 */
final class CompletionChoices implements StreamEncoder {
  private final Heading heading;
  private final List<GenerationRequest> requests;
  private final int choicesPerPrompt;
  private final CompletionBody options;

  /** The number of characters whose log-probabilities have been written, by choice. */
  private final int[] scored;

  /** The number of characters that have been written, by choice. */
  private final int[] written;

  private int promptTokens;
  private int completionTokens;

  /**
   * Creates an encoder that has not written anything yet.
   *
   * @param groups the choices of each prompt; every prompt has the same number
   * @param options says which events of a stream report the usage
   */
  CompletionChoices(Heading heading, List<RequestGroup> groups, CompletionBody options) {
    this.heading = heading;
    this.requests = groups.stream().flatMap(group -> group.requests().stream()).toList();
    this.choicesPerPrompt = groups.get(0).requests().size();
    this.options = options;
    this.scored = new int[requests.size()];
    this.written = new int[requests.size()];
  }

  /** Returns the answer of choices that are all completed. */
  CompletionAnswer answer(List<GenerationService.Completed> completed) {
    List<Choice> choices =
        IntStream.range(0, completed.size())
            .mapToObj(index -> choice(index, completed.get(index)))
            .toList();
    return heading.with(choices, usage());
  }

  private Choice choice(int index, GenerationService.Completed completed) {
    GenerationEvent.Finished end = completed.end();
    addUsage(index, end.usage());
    return new Choice(
        completed.text(),
        index,
        logprobs(index, new GenerationEvent.Text(completed.text(), completed.logprobs())),
        end.reason().wireName(),
        end.seed(),
        end.modelVersion());
  }

  @Override
  public byte[] encode(int index, GenerationEvent event, ObjectMapper json) {
    if (event instanceof GenerationEvent.Text text) {
      Logprobs logprobs = logprobs(index, text);
      written[index] += text.text().codePointCount(0, text.text().length());
      return event(new Choice(text.text(), index, logprobs, null, null, null), json);
    }
    if (event instanceof GenerationEvent.Finished end) {
      addUsage(index, end.usage());
      return event(
          new Choice("", index, null, end.reason().wireName(), end.seed(), end.modelVersion()),
          json);
    }
    return bytes(
        EventFraming.serverSentEvent(
            OpenAiError.failed(((GenerationEvent.Failed) event).message()), json));
  }

  private byte[] event(Choice choice, ObjectMapper json) {
    GenerateAnswer.TokenUsage soFar =
        options.includesContinuousUsage() ? usageSoFar(choice.index()) : null;
    return bytes(EventFraming.serverSentEvent(heading.with(List.of(choice), soFar), json));
  }

  private GenerateAnswer.TokenUsage usageSoFar(int index) {
    GenerationRequest request = requests.get(index);
    int echoed = request.echo() ? request.promptLength() : 0;
    int generated = Math.max(0, written[index] - echoed);
    return GenerateAnswer.TokenUsage.of(new Usage(request.promptLength(), generated));
  }

  @Override
  public byte[] end(ObjectMapper json) {
    String last =
        options.includesUsage()
            ? EventFraming.serverSentEvent(heading.with(List.of(), usage()), json)
            : "";
    return bytes(last + EventFraming.DONE);
  }

  private void addUsage(int index, Usage usage) {
    promptTokens += index % choicesPerPrompt == 0 ? usage.promptTokens() : 0;
    completionTokens += usage.completionTokens();
  }

  private GenerateAnswer.TokenUsage usage() {
    return GenerateAnswer.TokenUsage.of(new Usage(promptTokens, completionTokens));
  }

  /**
   * Returns the log-probabilities of the next characters of a choice, or null if the request asks
   * for none. The first character of a prompt is listed without one.
   */
  private Logprobs logprobs(int index, GenerationEvent.Text event) {
    GenerationRequest request = requests.get(index);
    if (request.logprobs().isEmpty()) {
      return null;
    }
    boolean begins = request.scoresPrompt() && scored[index] == 0;
    int start = request.scoresPrompt() ? 0 : request.promptLength();
    Logprobs lists =
        Logprobs.of(
            begins ? firstCharacter(request, event) : null,
            event.logprobs(),
            start + scored[index]);
    scored[index] += lists.tokens().size();
    return lists;
  }

  /** A text begins with its prompt; a default prompt is known only from there. */
  private static String firstCharacter(GenerationRequest request, GenerationEvent.Text event) {
    String text = request.hasDefaultPrompt() ? event.text() : request.prompt();
    return Character.toString(text.codePointAt(0));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
