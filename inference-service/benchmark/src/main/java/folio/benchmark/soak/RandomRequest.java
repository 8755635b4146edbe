package folio.benchmark.soak;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A valid generation request with random fields.
 *
 * @param fields the fields of the JSON body
 */
record RandomRequest(ResponseFormat format, Map<String, Object> fields) {
  private static final int MAX_PROMPT_LENGTH = 60;
  private static final double LOG_MAX_TOKENS = Math.log(2000);

  /** Each optional field is present in one of this many requests. */
  private static final int OPTION_RARITY = 6;

  private static final JsonMapper JSON = new JsonMapper();

  /**
   * Draws a request: most are short, and each optional field is present now and then.
   *
   * @param alphabet characters that every model has
   */
  static RandomRequest draw(SplittableRandom random, String alphabet) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("prompt", prompt(random, alphabet));
    fields.put("max_tokens", (int) Math.exp(random.nextDouble() * LOG_MAX_TOKENS));
    fields.put("temperature", List.of(0, 0.3, 0.8, 1, 1.7).get(random.nextInt(5)));
    fields.put("seed", random.nextLong());
    putSometimes(random, fields, "top_k", 1 + random.nextInt(100));
    putSometimes(random, fields, "top_p", 0.05 + 0.95 * random.nextDouble());
    putSometimes(random, fields, "min_p", 0.5 * random.nextDouble());
    putSometimes(random, fields, "repetition_penalty", 0.5 + random.nextDouble());
    putSometimes(
        random, fields, "stop", List.of(alphabet.substring(0, 1), alphabet.substring(1, 3)));
    putSometimes(random, fields, "logprobs", random.nextInt(6));
    putSometimes(random, fields, "echo", true);
    putSometimes(random, fields, "model", "current");
    ResponseFormat[] formats = ResponseFormat.values();
    return new RandomRequest(formats[random.nextInt(formats.length)], fields);
  }

  private static String prompt(SplittableRandom random, String alphabet) {
    return random
        .ints(random.nextInt(MAX_PROMPT_LENGTH), 0, alphabet.length())
        .mapToObj(i -> alphabet.substring(i, i + 1))
        .reduce("", String::concat);
  }

  private static void putSometimes(
      SplittableRandom random, Map<String, Object> fields, String name, Object value) {
    if (random.nextInt(OPTION_RARITY) == 0) {
      fields.put(name, value);
    }
  }

  /** Returns the same request as server-sent events from a given model. */
  RandomRequest asEventsFrom(String model) {
    Map<String, Object> changed = new LinkedHashMap<>(fields);
    changed.put("model", model);
    return new RandomRequest(ResponseFormat.EVENTS, changed);
  }

  /** Returns the largest number of characters of the response. */
  int maxTokens() {
    return (Integer) fields.get("max_tokens");
  }

  /** Returns whether the response may end at a stop sequence. */
  boolean hasStopSequences() {
    return fields.containsKey("stop");
  }

  /** Returns the prefix of the response's text: the prompt if the request echoes it. */
  String echoed() {
    String prompt = (String) fields.get("prompt");
    return !fields.containsKey("echo") ? "" : prompt.isEmpty() ? "\n" : prompt;
  }

  /** Returns the JSON body. */
  String body() {
    try {
      return JSON.writeValueAsString(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("text and numbers can be written", e);
    }
  }
}
