package folio.benchmark.cli;

import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The name of an architecture, such as {@code residual-3x512}: 3 layers of 512 units.
 *
 * @param hiddenSize the number of units of each layer
 */
record NetworkName(NetworkKind kind, int layers, int hiddenSize) {
  private static final Pattern SYNTAX =
      Pattern.compile("(" + kinds("", "|") + ")-(\\d{1,5})x(\\d{1,5})");

  /** Returns the names of all kinds, each with a suffix. */
  private static String kinds(String suffix, String separator) {
    return Arrays.stream(NetworkKind.values())
        .map(kind -> kind.name().toLowerCase(Locale.ROOT) + suffix)
        .collect(Collectors.joining(separator));
  }

  /**
   * Parses a name.
   *
   * @throws IllegalArgumentException if the text is not a name; the message says what is legal
   */
  static NetworkName parse(String name) {
    Matcher matcher = SYNTAX.matcher(name);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "it must be " + kinds("-LxH", " or ") + ", such as residual-3x512: L layers of H units");
    }
    return new NetworkName(
        NetworkKind.valueOf(matcher.group(1).toUpperCase(Locale.ROOT)),
        Integer.parseInt(matcher.group(2)),
        Integer.parseInt(matcher.group(3)));
  }

  /**
   * Returns the architecture for a vocabulary; the embedding of a residual network has 128
   * dimensions.
   *
   * @throws IllegalArgumentException if a size is out of its legal range
   */
  CharGruConfig config(int vocabularySize) {
    return switch (kind) {
      case PLAIN -> CharGruConfig.plain(vocabularySize, hiddenSize, layers);
      case RESIDUAL ->
          CharGruConfig.residual(
              vocabularySize, kind.defaultEmbeddingSize(hiddenSize), hiddenSize, layers);
    };
  }

  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT) + "-" + layers + "x" + hiddenSize;
  }
}
