package folio.trainer.report;

import picocli.CommandLine.Help.Ansi;

/**
 * The post's view of a network: the target text, and under each character the one that the network
 * held most likely, in colour where it is wrong.
 */
public final class PredictionView {
  private static final int WIDTH = 80;
  private static final String RED = "\u001b[31m";
  private static final String RESET = "\u001b[0m";

  private PredictionView() {}

  /**
   * Renders a text and its predictions; line breaks are shown as ⏎.
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
        view.appendCodePoint(visible(target[i]));
      }
      view.append("\nprediction ");
      for (int i = from; i < to; i++) {
        boolean wrong = target[i] != predicted[i];
        if (wrong && colours.enabled()) {
          view.append(RED).appendCodePoint(visible(predicted[i])).append(RESET);
        } else {
          // Without colours a right character is a dot, so that wrong ones stand out.
          view.appendCodePoint(wrong || colours.enabled() ? visible(predicted[i]) : '·');
        }
      }
      view.append('\n');
    }
    return view.toString();
  }

  private static int visible(int codePoint) {
    return switch (codePoint) {
      case '\n' -> '⏎';
      case '\t' -> '⇥';
      default -> Character.isISOControl(codePoint) ? '␦' : codePoint;
    };
  }
}
