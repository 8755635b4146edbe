package folio.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A request that the service must run.
 *
 * @param fields of the body
 */
record SoakRequest(SoakFormat form, Map<String, Object> fields) {
  private static final int LONGEST_PROMPT = 60;
  private static final double MAX_TOKENS_LOG = Math.log(2000);
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * Any request: mostly short ones, now and then each option.
   *
   * @param alphabet characters that every model knows
   */
  static SoakRequest any(SplittableRandom random, String alphabet) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("prompt", prompt(random, alphabet));
    fields.put("max_tokens", (int) Math.exp(random.nextDouble() * MAX_TOKENS_LOG));
    fields.put("temperature", List.of(0, 0.3, 0.8, 1, 1.7).get(random.nextInt(5)));
    fields.put("seed", random.nextLong());
    maybe(random, fields, "top_k", 1 + random.nextInt(100));
    maybe(random, fields, "top_p", 0.05 + 0.95 * random.nextDouble());
    maybe(random, fields, "min_p", 0.5 * random.nextDouble());
    maybe(random, fields, "repetition_penalty", 0.5 + random.nextDouble());
    maybe(random, fields, "stop", List.of(alphabet.substring(0, 1), alphabet.substring(1, 3)));
    maybe(random, fields, "logprobs", random.nextInt(6));
    maybe(random, fields, "echo", true);
    maybe(random, fields, "model", "current");
    SoakFormat[] forms = SoakFormat.values();
    return new SoakRequest(forms[random.nextInt(forms.length)], fields);
  }

  private static String prompt(SplittableRandom random, String alphabet) {
    return random
        .ints(random.nextInt(LONGEST_PROMPT), 0, alphabet.length())
        .mapToObj(i -> alphabet.substring(i, i + 1))
        .reduce("", String::concat);
  }

  private static void maybe(
      SplittableRandom random, Map<String, Object> fields, String name, Object value) {
    if (random.nextInt(6) == 0) {
      fields.put(name, value);
    }
  }

  /** The same with another field and another form. */
  SoakRequest with(SoakFormat other, String name, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(fields);
    changed.put(name, value);
    return new SoakRequest(other, changed);
  }

  int maxTokens() {
    return (Integer) fields.get("max_tokens");
  }

  boolean mayStop() {
    return fields.containsKey("stop");
  }

  /** What the text must begin with. */
  String echoed() {
    String prompt = (String) fields.get("prompt");
    return !fields.containsKey("echo") ? "" : prompt.isEmpty() ? "\n" : prompt;
  }

  /** The body. */
  String body() {
    try {
      return JSON.writeValueAsString(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("text and numbers can be written", e);
    }
  }
}
