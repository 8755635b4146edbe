package folio.inference.api.generate;

import folio.inference.generation.GenerationRequest;
import folio.model.sampling.OutOfRangeException;
import folio.model.vocabulary.UnknownCharacters;
import java.util.List;
import java.util.OptionalInt;

/** The values of the body fields that a client leaves out, for every route that generates. */
public final class Defaults {
  private Defaults() {}

  /** Returns a value, or a fallback if the value is null. */
  public static <T> T or(T value, T fallback) {
    return value == null ? fallback : value;
  }

  /**
   * Returns how many alternatives to report per character; empty if the field is absent.
   *
   * @throws OutOfRangeException if the number is negative
   */
  public static OptionalInt logprobs(Integer alternatives) {
    if (alternatives == null) {
      return OptionalInt.empty();
    }
    if (alternatives < 0) {
      throw new OutOfRangeException(
          "logprobs", alternatives, "0 to " + GenerationRequest.MAX_LOGPROBS);
    }
    return OptionalInt.of(alternatives);
  }

  /**
   * Returns the texts that end a generation; none if the field is absent.
   *
   * @throws OutOfRangeException if a text is null
   */
  public static List<String> stops(List<String> texts) {
    return or(texts, List.of());
  }

  /**
   * Returns what happens to unknown characters of a prompt; they are rejected if the field is
   * absent.
   *
   * @throws OutOfRangeException if it is not one of the legal values
   */
  public static UnknownCharacters unknown(String name) {
    return UnknownCharacters.named(or(name, "reject"))
        .orElseThrow(() -> new OutOfRangeException("unknown", name, UnknownCharacters.NAMES));
  }

  /** Returns a prompt; empty if it is absent, which stands for the model's default prompt. */
  public static String prompt(String text) {
    return or(text, "");
  }
}
