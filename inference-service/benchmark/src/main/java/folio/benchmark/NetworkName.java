package folio.benchmark;

import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An architecture in one word: {@code residual-3x512} has 3 layers of 512.
 *
 * @param kind how the layers are joined
 */
record NetworkName(NetworkKind kind, int layers, int hiddenSize) {
  private static final Pattern FORM = Pattern.compile("(plain|residual)-(\\d{1,5})x(\\d{1,5})");
  private static final int RESIDUAL_EMBEDDING = 128;

  /**
   * Reads the word.
   *
   * @throws IllegalArgumentException telling what is legal
   */
  static NetworkName parse(String word) {
    Matcher form = FORM.matcher(word);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "legal are plain-LxH and residual-LxH, such as residual-3x512: L layers of H units");
    }
    return new NetworkName(
        NetworkKind.valueOf(form.group(1).toUpperCase(Locale.ROOT)),
        Integer.parseInt(form.group(2)),
        Integer.parseInt(form.group(3)));
  }

  /**
   * The architecture over a vocabulary; a residual network's embedding is 128 wide.
   *
   * @throws IllegalArgumentException if a size is out of its range
   */
  CharGruConfig config(int vocabularySize) {
    return kind == NetworkKind.PLAIN
        ? CharGruConfig.plain(vocabularySize, hiddenSize, layers)
        : CharGruConfig.residual(vocabularySize, RESIDUAL_EMBEDDING, hiddenSize, layers);
  }

  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT) + "-" + layers + "x" + hiddenSize;
  }
}
