package folio.benchmark.reproducibility;

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
 * The outcome of comparing requests that run alone with the same requests under load.
 *
 * @param compared the number of requests that ran under load
 * @param sameText the number of those with the same text as alone
 * @param sameBits the number of those whose log-probabilities are also equal to the last bit
 */
public record Reproducibility(int compared, int sameText, int sameBits) {
  /** The number of different requests; each of them runs several times under load. */
  private static final int VARIANTS = 25;

  /** The complete output of a request. */
  private record Output(String text, List<TokenLogprob> logprobs) {}

  /**
   * Runs every variant of the request alone, then all requests at once together with others that
   * finish earlier or are cancelled.
   *
   * @param submit submits a request to an engine; its slots and queue together must hold 1.25 times
   *     the number of requests
   * @param vocabulary the characters that prompts are made of
   * @param requests the number of requests to compare
   * @param characters the length of each request's output
   */
  public static Reproducibility measure(
      Function<GenerationRequest, GenerationStream> submit,
      List<String> vocabulary,
      int requests,
      int characters) {
    List<Output> alone = new ArrayList<>();
    for (int variant = 0; variant < VARIANTS; variant++) {
      alone.add(read(submit.apply(request(vocabulary, variant, characters))));
    }
    SplittableRandom random = new SplittableRandom(1);
    List<GenerationStream> streams = new ArrayList<>();
    List<GenerationStream> others = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      streams.add(submit.apply(request(vocabulary, i % VARIANTS, characters)));
      if (i % 4 == 0) {
        others.add(
            submit.apply(
                request(vocabulary, random.nextInt(VARIANTS), random.nextInt(1, characters))));
      }
      if (i % 8 == 7) {
        others.get(random.nextInt(others.size())).cancel();
      }
      if (i == requests / 2) {
        // The second half starts while the first half finishes.
        streams.get(0).ended().toCompletableFuture().join();
      }
    }
    int sameText = 0;
    int sameBits = 0;
    for (int i = 0; i < requests; i++) {
      Output output = read(streams.get(i));
      Output expected = alone.get(i % VARIANTS);
      sameText += output.text().equals(expected.text()) ? 1 : 0;
      sameBits += output.equals(expected) ? 1 : 0;
    }
    return new Reproducibility(requests, sameText, sameBits);
  }

  /** Returns a request; variants differ in prompt (1 to 337 characters), parameters and seed. */
  private static GenerationRequest request(List<String> vocabulary, int variant, int characters) {
    StringBuilder prompt = new StringBuilder();
    for (int i = 0; i <= 14 * variant; i++) {
      prompt.append(vocabulary.get(i * 7 % vocabulary.size()));
    }
    SamplingParameters parameters =
        new SamplingParameters(
            0.5 + variant * 0.05,
            variant % 3 * 20,
            1 - variant % 4 * 0.1,
            0,
            1 + variant % 2 * 0.2);
    return GenerationRequest.builder(prompt.toString(), characters)
        .sampling(parameters)
        .seed(variant)
        .logprobs(3)
        .build();
  }

  private static Output read(GenerationStream stream) {
    stream.ended().toCompletableFuture().join();
    StringBuilder text = new StringBuilder();
    List<TokenLogprob> logprobs = new ArrayList<>();
    while (stream.poll() instanceof GenerationEvent.Text part) {
      text.append(part.text());
      logprobs.addAll(part.logprobs());
    }
    return new Output(text.toString(), logprobs);
  }
}
