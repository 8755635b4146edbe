package folio.benchmark.throughput;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.inference.generation.GenerationRequest;
import folio.model.checkpoint.CheckpointStore;
import folio.model.sampling.SamplingParameters;
import java.util.Map;

/**
 * The request that every stream of every system sends. Only its seed varies.
 *
 * @param prompt the text that every stream begins with
 */
public record StreamRequest(String prompt) {
  /** The largest number of characters; no stream reaches it within a window. */
  static final int MAX_TOKENS = 100_000_000;

  private static final double TEMPERATURE = 0.8;

  /** Returns a request whose prompt is the first character of the store's current model. */
  public static StreamRequest of(CheckpointStore store) {
    return new StreamRequest(
        store.open(store.current().orElseThrow()).vocabulary().characters().get(0));
  }

  /** Returns the body of the HTTP request with a seed. */
  String json(long seed) {
    try {
      return new JsonMapper()
          .writeValueAsString(
              Map.of(
                  "prompt",
                  prompt,
                  "max_tokens",
                  MAX_TOKENS,
                  "temperature",
                  TEMPERATURE,
                  "seed",
                  seed));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("text and numbers can be written", e);
    }
  }

  /** Returns the engine's request with a seed. */
  GenerationRequest generationRequest(long seed) {
    return GenerationRequest.builder(prompt, MAX_TOKENS)
        .sampling(SamplingParameters.DEFAULT.withTemperature(TEMPERATURE))
        .seed(seed)
        .build();
  }
}
