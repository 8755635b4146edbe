package folio.inference.api.http;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The media types that a client accepts. Parameters other than {@code q} and elements that cannot
 * be parsed are ignored.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1">RFC 9110, 12.5.1</a>
 */
final class AcceptHeader {
  /** How specifically a range matches a type; a larger number is more specific. */
  private static final int NO_MATCH = 0;

  private static final int ANY_TYPE = 1;
  private static final int ANY_SUBTYPE = 2;
  private static final int EXACT = 3;

  private final List<Range> ranges = new ArrayList<>();

  /**
   * Parses the {@code Accept} headers of a request.
   *
   * @param headers all of them; if there are none, or only blank ones, any type is accepted
   */
  AcceptHeader(List<String> headers) {
    String joined = String.join(",", headers);
    for (String element : (joined.isBlank() ? "*/*" : joined).split(",", -1)) {
      String[] parts = element.strip().toLowerCase(Locale.ROOT).split(";", -1);
      String type = parts[0].strip();
      quality(parts).ifPresent(q -> ranges.add(new Range(type.equals("*") ? "*/*" : type, q)));
    }
  }

  /**
   * Returns the offered type with the highest quality, or nothing if none is acceptable. Among
   * equals, a type that the client names wins over a type that only a wildcard matches; then the
   * order of the client's ranges decides, then the order of the offer.
   *
   * @param offered media types in lower case
   */
  Optional<String> best(List<String> offered) {
    return offered.stream()
        .map(this::match)
        .filter(match -> match.range.quality > 0)
        .min(
            Comparator.comparingDouble((Match match) -> -match.range.quality)
                .thenComparing(match -> -match.range.specificity(match.type))
                .thenComparing(match -> ranges.indexOf(match.range)))
        .map(Match::type);
  }

  /** Returns a type with the most specific range that matches it; its quality is 0 if none does. */
  private Match match(String type) {
    return ranges.stream()
        .filter(range -> range.specificity(type) != NO_MATCH)
        .max(Comparator.comparingInt(range -> range.specificity(type)))
        .map(range -> new Match(type, range))
        .orElse(new Match(type, new Range(type, 0)));
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

  private record Match(String type, Range range) {}

  private record Range(String pattern, double quality) {
    int specificity(String type) {
      if (pattern.equals(type)) {
        return EXACT;
      }
      if (pattern.equals("*/*")) {
        return ANY_TYPE;
      }
      boolean anySubtype =
          pattern.endsWith("/*") && type.startsWith(pattern.substring(0, pattern.length() - 1));
      return anySubtype ? ANY_SUBTYPE : NO_MATCH;
    }
  }
}
