package folio.trainer.report;

import org.jline.utils.WCWidth;

/**
 * The view of a network that the blog post "RNN generations" shows: a target text and, under each
 * of its characters, the character that the network held most likely. Wrong predictions are red;
 * without colours, right predictions are dots instead. Both lines break after the same word of the
 * target.
 */
public final class PredictionView {
  private static final String TARGET = "target     ";
  private static final String PREDICTION = "prediction ";

  private final int[] target;
  private final int[] predicted;
  private final Ansi colours;
  private final int columns;

  private PredictionView(int[] target, int[] predicted, Ansi colours, int columns) {
    this.target = target;
    this.predicted = predicted;
    this.colours = colours;
    this.columns = columns;
  }

  /**
   * Renders a text and its predictions; line breaks are shown as ⏎.
   *
   * @param target code points
   * @param predicted code points, one for each of the target's
   * @param columns the number of columns that a line may have
   */
  public static String render(int[] target, int[] predicted, Ansi colours, int columns) {
    return new PredictionView(target, predicted, colours, columns).render();
  }

  private String render() {
    StringBuilder view = new StringBuilder();
    for (int from = 0; from < target.length; ) {
      int to = lineEnd(from);
      StringBuilder above = new StringBuilder(TARGET);
      StringBuilder below = new StringBuilder(PREDICTION);
      for (int i = from; i < to; i++) {
        int shown = predictedCharacter(i);
        above.append(cell(target[i], cellWidth(i)));
        String text = cell(shown, cellWidth(i));
        below.append(target[i] == predicted[i] ? text : colours.red(text));
      }
      view.append(above).append('\n').append(below).append('\n');
      from = to;
    }
    view.append(
        colours.enabled()
            ? "           (red: the network expected another character)\n"
            : "           (·: the network expected the character above)\n");
    return view.toString();
  }

  /** Returns the end of the line that begins at a position: after a word, if one fits. */
  private int lineEnd(int from) {
    int width = TARGET.length();
    int end = from;
    int afterWord = from;
    while (end < target.length && width + cellWidth(end) <= columns) {
      width += cellWidth(end);
      end++;
      if (target[end - 1] == ' ' || target[end - 1] == '\n') {
        afterWord = end;
      }
    }
    if (end == target.length) {
      return end;
    }
    return afterWord > from ? afterWord : Math.max(end, from + 1);
  }

  private int predictedCharacter(int at) {
    return target[at] == predicted[at] && !colours.enabled() ? '·' : predicted[at];
  }

  /** Returns the columns of a position: those of the wider one of its two characters. */
  private int cellWidth(int at) {
    return Math.max(width(target[at]), width(predictedCharacter(at)));
  }

  private static int width(int codePoint) {
    return Math.max(1, WCWidth.wcwidth(visible(codePoint)));
  }

  private static String cell(int codePoint, int width) {
    // A combining character is shown on a space.
    String base = WCWidth.wcwidth(visible(codePoint)) == 0 ? " " : "";
    return base + Character.toString(visible(codePoint)) + " ".repeat(width - width(codePoint));
  }

  private static int visible(int codePoint) {
    return switch (codePoint) {
      case '\n' -> '⏎';
      case '\t' -> '⇥';
      default -> Character.isISOControl(codePoint) ? '␦' : codePoint;
    };
  }
}
