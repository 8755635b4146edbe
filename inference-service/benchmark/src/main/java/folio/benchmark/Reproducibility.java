package folio.benchmark;

import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.TokenLogprob;
import folio.model.sampling.SamplingParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Compares what requests get alone with what they get among others that come and go.
 *
 * @param compared requests among others
 * @param sameText of those, how many had the text they have alone
 * @param sameBits of those, how many also had every log-probability to the last bit
 */
public record Reproducibility(int compared, int sameText, int sameBits) {
  /** Different requests; each of them comes several times. */
  private static final int KINDS = 25;

  /** What a client gets. */
  private record Answer(String text, List<TokenLogprob> logprobs) {}

  /**
   * Runs every kind of request alone, then all requests at once among others.
   *
   * @param submit gives a request to an engine that holds a few hundred more than it runs
   * @param vocabulary what prompts are made of
   * @param requests how many to compare
   * @param characters of each
   */
  public static Reproducibility measure(
      Function<GenerationRequest, GenerationStream> submit,
      List<String> vocabulary,
      int requests,
      int characters) {
    List<Answer> alone = new ArrayList<>();
    for (int kind = 0; kind < KINDS; kind++) {
      alone.add(read(submit.apply(request(vocabulary, kind, characters))));
    }
    SplittableRandom random = new SplittableRandom(1);
    List<GenerationStream> streams = new ArrayList<>();
    List<GenerationStream> passersBy = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      streams.add(submit.apply(request(vocabulary, i % KINDS, characters)));
      if (i % 4 == 0) {
        passersBy.add(
            submit.apply(
                request(vocabulary, random.nextInt(KINDS), random.nextInt(1, characters))));
      }
      if (i % 8 == 7) {
        passersBy.get(random.nextInt(passersBy.size())).cancel();
      }
      if (i == requests / 2) {
        streams.get(0).ended().toCompletableFuture().join(); // the rest comes while these leave
      }
    }
    int sameText = 0;
    int sameBits = 0;
    for (int i = 0; i < requests; i++) {
      Answer answer = read(streams.get(i));
      Answer expected = alone.get(i % KINDS);
      sameText += answer.text().equals(expected.text()) ? 1 : 0;
      sameBits += answer.equals(expected) ? 1 : 0;
    }
    return new Reproducibility(requests, sameText, sameBits);
  }

  /** Kinds differ in prompt (1 to 337 characters), parameters and seed. */
  private static GenerationRequest request(List<String> vocabulary, int kind, int characters) {
    StringBuilder prompt = new StringBuilder();
    for (int i = 0; i <= 14 * kind; i++) {
      prompt.append(vocabulary.get(i * 7 % vocabulary.size()));
    }
    SamplingParameters parameters =
        new SamplingParameters(
            0.5 + kind * 0.05, kind % 3 * 20, 1 - kind % 4 * 0.1, 0, 1 + kind % 2 * 0.2);
    return GenerationRequest.builder(prompt.toString(), characters)
        .sampling(parameters)
        .seed(kind)
        .logprobs(3)
        .build();
  }

  private static Answer read(GenerationStream stream) {
    stream.ended().toCompletableFuture().join();
    StringBuilder text = new StringBuilder();
    List<TokenLogprob> logprobs = new ArrayList<>();
    while (stream.poll() instanceof GenerationEvent.Text part) {
      text.append(part.text());
      logprobs.addAll(part.logprobs());
    }
    return new Answer(text.toString(), logprobs);
  }
}
