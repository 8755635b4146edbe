package folio.trainer.report;

import java.util.Locale;

/** A canvas that becomes SVG elements. Texts take the colour of the page around them. */
final class SvgCanvas implements Canvas {
  /** The mean width of a character at the font size of 12 pixels that the page's style sets. */
  private static final double CHARACTER_WIDTH = 6.6;

  private final StringBuilder elements = new StringBuilder();

  @Override
  public void gridLine(double x1, double y1, double x2, double y2) {
    elements.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#8884\"/>%n",
            x1,
            y1,
            x2,
            y2));
  }

  @Override
  public void curve(Pen pen, double[] xs, double[] ys) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < xs.length; i++) {
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", xs[i], ys[i]));
    }
    elements.append(
        String.format(
            Locale.ROOT,
            "<polyline fill=\"none\" stroke=\"#%06x\" stroke-width=\"2\"%s points=\"%s\"/>%n",
            pen.rgb(),
            pen.dashed() ? " stroke-dasharray=\"5 4\"" : "",
            points.toString().strip()));
  }

  @Override
  public void text(String text, double x, double y, Anchor anchor) {
    elements.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
            x,
            y,
            anchor.name().toLowerCase(Locale.ROOT),
            Html.escape(text)));
  }

  @Override
  public double width(String text) {
    return CHARACTER_WIDTH * text.length();
  }

  /** Returns the elements drawn so far. */
  String elements() {
    return elements.toString();
  }
}
