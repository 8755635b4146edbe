package folio.inference.api.generate;

import folio.inference.generation.GenerationRequest;
import folio.model.sampling.OutOfRangeException;
import java.util.List;
import java.util.Objects;

/** What a body's fields mean, whether they are given or not. */
public final class Defaults {
  private Defaults() {}

  /** A value, or what stands for it if it is not given. */
  public static <T> T or(T value, T fallback) {
    return value == null ? fallback : value;
  }

  /**
   * How many alternatives to tell, or -1 for nothing.
   *
   * @throws OutOfRangeException if they are fewer than none
   */
  public static int logprobs(Integer given) {
    if (given != null && given < 0) {
      throw new OutOfRangeException("logprobs", given, "0 to " + GenerationRequest.MAX_LOGPROBS);
    }
    return or(given, -1);
  }

  /**
   * The texts that end a generation.
   *
   * @throws OutOfRangeException if one of them is null
   */
  public static List<String> stops(List<String> given) {
    List<String> stops = or(given, List.of());
    if (stops.stream().anyMatch(Objects::isNull)) {
      throw new OutOfRangeException("stop", "null", "texts");
    }
    return stops;
  }

  /** A prompt; none stands for a line break. */
  public static String prompt(String given) {
    return given == null || given.isEmpty() ? "\n" : given;
  }
}
