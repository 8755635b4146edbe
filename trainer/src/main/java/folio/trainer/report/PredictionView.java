package folio.trainer.report;

/**
 * The view of a network that the blog post "RNN generations" shows: a target text and, under each
 * of its characters, the character that the network held most likely. Wrong predictions are red;
 * without colours, right predictions are dots instead.
 */
public final class PredictionView {
  private static final int WIDTH = 80;

  private PredictionView() {}

  /**
   * Renders a text and its predictions in lines of 80 characters; line breaks are shown as ⏎.
   *
   * @param target code points
   * @param predicted code points, one for each of the target's
   */
  public static String render(int[] target, int[] predicted, Ansi colours) {
    StringBuilder view = new StringBuilder();
    for (int from = 0; from < target.length; from += WIDTH) {
      int to = Math.min(target.length, from + WIDTH);
      view.append("target     ");
      for (int i = from; i < to; i++) {
        view.append(visible(target[i]));
      }
      view.append("\nprediction ");
      for (int i = from; i < to; i++) {
        view.append(rendered(visible(predicted[i]), target[i] == predicted[i], colours));
      }
      view.append('\n');
    }
    return view.toString();
  }

  private static String rendered(String character, boolean right, Ansi colours) {
    if (right) {
      return colours.enabled() ? character : "·";
    }
    return colours.red(character);
  }

  private static String visible(int codePoint) {
    return Character.toString(
        switch (codePoint) {
          case '\n' -> '⏎';
          case '\t' -> '⇥';
          default -> Character.isISOControl(codePoint) ? '␦' : codePoint;
        });
  }
}
