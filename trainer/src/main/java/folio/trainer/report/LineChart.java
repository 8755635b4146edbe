package folio.trainer.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Lines over steps, as an SVG that takes a page's colours, light or dark. */
final class LineChart {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 260;
  private static final int LEFT = 70;
  private static final int BOTTOM = 30;
  private static final int TOP = 30;
  private static final int TICKS = 4;
  private static final int THOUSAND = 1000;
  private static final List<String> COLOURS =
      List.of("#888888", "#2a6fdb", "#d9480f", "#2b8a3e", "#862e9c");

  private record Line(String name, double[] steps, double[] values) {}

  private final String title;
  private final List<Line> lines = new ArrayList<>();

  LineChart(String title) {
    this.title = title;
  }

  /** Adds a line, unless it has no point. */
  void add(String name, double[] steps, double[] values) {
    if (steps.length > 0) {
      lines.add(new Line(name, steps, values));
    }
  }

  /** The picture; nothing if there is no line. */
  String svg() {
    if (lines.isEmpty()) {
      return "";
    }
    double last = all(false).max().orElse(1);
    double low = all(true).min().orElse(0);
    double high = all(true).max().orElse(1);
    double span = high > low ? high - low : Math.max(1e-9, Math.abs(high));
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<h2>%s</h2><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%1$s over steps\">%n",
            RunReport.escape(title),
            WIDTH,
            HEIGHT));
    for (int tick = 0; tick <= TICKS; tick++) {
      double value = low + span * tick / TICKS;
      double y = y(value, low, span);
      svg.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#8884\"/><text x=\"%d\""
                  + " y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
              LEFT,
              WIDTH,
              y,
              y,
              LEFT - 6,
              y + 4,
              number(value)));
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%,.0f</text>%n",
              LEFT + (double) (WIDTH - LEFT) * tick / TICKS,
              HEIGHT - 8,
              tick == 0 ? "start" : tick == TICKS ? "end" : "middle",
              last * tick / TICKS));
    }
    for (int i = 0; i < lines.size(); i++) {
      svg.append(draw(i, last, low, span));
    }
    return svg.append("</svg>\n").toString();
  }

  private DoubleStream all(boolean values) {
    return lines.stream().flatMapToDouble(line -> Arrays.stream(values ? line.values : line.steps));
  }

  private String draw(int index, double last, double low, double span) {
    Line line = lines.get(index);
    String colour = COLOURS.get(index % COLOURS.size());
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < line.steps.length; i++) {
      double x = LEFT + (WIDTH - LEFT) * (last > 0 ? line.steps[i] / last : 0);
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y(line.values[i], low, span)));
    }
    return String.format(
        Locale.ROOT,
        "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/><text x=\"%d\""
            + " y=\"16\" style=\"fill:%1$s\">%s</text>%n",
        colour,
        points.toString().strip(),
        LEFT + index * 190,
        RunReport.escape(line.name));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) < THOUSAND ? "%.4g" : "%,.0f", value);
  }

  private static double y(double value, double low, double span) {
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / span);
  }
}
