package folio.inference.api.http;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a client accepts. Parameters other than {@code q} are ignored, and so is what cannot be
 * understood.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1">RFC 9110, 12.5.1</a>
 */
final class AcceptHeader {
  private static final int NOT = 0;
  private static final int ANYTHING = 1;
  private static final int ANY_SUBTYPE = 2;
  private static final int EXACTLY = 3;

  private final List<Range> ranges = new ArrayList<>();

  /** All the {@code Accept} headers of a request; none, or only blank ones, accept anything. */
  AcceptHeader(List<String> headers) {
    String joined = String.join(",", headers);
    for (String element : (joined.isBlank() ? "*/*" : joined).split(",", -1)) {
      String[] parts = element.strip().toLowerCase(Locale.ROOT).split(";", -1);
      String type = parts[0].strip();
      quality(parts).ifPresent(q -> ranges.add(new Range(type.equals("*") ? "*/*" : type, q)));
    }
  }

  /**
   * The type that is wanted most. Among equals it is the one that is named, not meant by a
   * wildcard; then the one that the client, then the one that the service names first.
   *
   * @param offered media types in lower case
   */
  Optional<String> best(List<String> offered) {
    return offered.stream()
        .map(this::wish)
        .filter(wish -> wish.range.quality > 0)
        .min(
            Comparator.comparingDouble((Wish wish) -> -wish.range.quality)
                .thenComparing(wish -> -wish.range.matches(wish.type))
                .thenComparing(wish -> ranges.indexOf(wish.range)))
        .map(Wish::type);
  }

  /** The most specific range decides. */
  private Wish wish(String type) {
    return ranges.stream()
        .filter(range -> range.matches(type) != NOT)
        .max(Comparator.comparingInt(range -> range.matches(type)))
        .map(range -> new Wish(type, range))
        .orElse(new Wish(type, new Range(type, 0)));
  }

  private static Optional<Double> quality(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip();
      if (parameter.startsWith("q=")) {
        String value = parameter.substring(2).strip();
        return value.matches("0(\\.\\d*)?|1(\\.0*)?|\\.\\d+")
            ? Optional.of(Double.valueOf(value))
            : Optional.empty();
      }
    }
    return Optional.of(1.0);
  }

  private record Wish(String type, Range range) {}

  private record Range(String pattern, double quality) {
    int matches(String type) {
      if (pattern.equals(type)) {
        return EXACTLY;
      }
      if (pattern.equals("*/*")) {
        return ANYTHING;
      }
      boolean anySubtype =
          pattern.endsWith("/*") && type.startsWith(pattern.substring(0, pattern.length() - 1));
      return anySubtype ? ANY_SUBTYPE : NOT;
    }
  }
}
