package folio.trainer.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * A chart of lines over training steps, as SVG for a page or as PNG. Lines of the same name share a
 * colour and one entry of the legend. The vertical axis begins and ends at round values.
 */
public final class LineChart {
  /** The width of a PNG in pixels. */
  private static final int WIDTH = 900;

  /** The width of an SVG in its own units: on a phone, its texts are still legible. */
  private static final int SVG_WIDTH = 480;

  private static final int LEFT = 64;
  private static final int RIGHT = 28;
  private static final int TOP = 12;
  private static final int BOTTOM = 28;
  private static final int TITLE_HEIGHT = 28;
  private static final int LEGEND_LINE = 20;
  private static final int LEGEND_SAMPLE = 24;
  private static final int GAP = 8;

  /** The smallest distance between two numbers on an axis, in pixels. */
  private static final int TICK_WIDTH = 75;

  private static final int TICK_HEIGHT = 40;

  /** The error of a quotient of two numbers that is ignored. */
  private static final double ROUNDING = 1e-9;

  /** Distinct colours that are legible on white and on black. */
  private static final int[] COLOURS = {
    0x2a6fdb, 0xd9480f, 0x2b8a3e, 0x9c36b5, 0x0c8599, 0xb08900, 0xd6336c, 0x8d5b3e, 0x66a80f,
    0x868e96
  };

  private record Line(String name, boolean dashed, double[] steps, double[] values) {}

  private final String title;
  private final int height;
  private final List<Line> lines = new ArrayList<>();

  /**
   * Creates an empty chart.
   *
   * @param height in pixels
   */
  public LineChart(String title, int height) {
    this.title = title;
    this.height = height;
  }

  /**
   * Adds a line, unless it has no point.
   *
   * @param name the line's name in the legend; empty for none
   * @param steps the horizontal positions, ascending, at least 0
   * @param values the vertical positions, one for each step
   */
  public void add(String name, boolean dashed, double[] steps, double[] values) {
    if (steps.length > 0) {
      lines.add(new Line(name, dashed, steps, values));
    }
  }

  /** Returns the title. */
  String title() {
    return title;
  }

  /** Returns whether the chart has no line. */
  public boolean isEmpty() {
    return lines.isEmpty();
  }

  /** Returns the chart as an SVG element without its title, and its legend as a paragraph. */
  String html() {
    SvgCanvas canvas = new SvgCanvas();
    draw(canvas, TOP, SVG_WIDTH - RIGHT);
    StringBuilder legend = new StringBuilder();
    List<String> names = names();
    for (int i = 0; i < names.size(); i++) {
      if (!names.get(i).isEmpty()) {
        legend.append(
            String.format(
                Locale.ROOT,
                "<span><b style=\"color:#%06x\">—</b> %s</span> ",
                colour(i),
                Html.escape(names.get(i))));
      }
    }
    return String.format(
        Locale.ROOT,
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s over steps\">%n%s</svg>%n%s",
        SVG_WIDTH,
        height,
        Html.escape(title),
        canvas.elements(),
        legend.isEmpty() ? "" : "<p class=\"legend\">" + legend + "</p>\n");
  }

  private List<String> names() {
    return lines.stream().map(Line::name).distinct().toList();
  }

  /** Returns the chart with its title as a PNG. */
  public byte[] png() {
    BitmapCanvas canvas = new BitmapCanvas(WIDTH, height);
    canvas.text(title, WIDTH / 2.0, TITLE_HEIGHT - GAP, Canvas.Anchor.MIDDLE);
    double legend = legendWidth(canvas, names());
    double right = WIDTH - RIGHT - legend;
    draw(canvas, TITLE_HEIGHT + TOP, right);
    if (legend > 0) {
      drawLegend(canvas, names(), right + RIGHT, TITLE_HEIGHT + TOP);
    }
    return canvas.png();
  }

  /** An axis: the values between two ends, and the pixels that they are drawn at. */
  private record Axis(double low, double high, double lowPixel, double highPixel) {
    double pixel(double value) {
      return lowPixel + (highPixel - lowPixel) * (value - low) / (high - low);
    }

    double[] pixels(double[] values) {
      return Arrays.stream(values).map(this::pixel).toArray();
    }

    /** Returns round values between the ends, by label, at least a distance in pixels apart. */
    Map<String, Double> ticks(double distance) {
      double interval = interval((high - low) * distance / Math.abs(highPixel - lowPixel));
      int decimals = (int) Math.max(0, Math.ceil(-Math.log10(interval) - ROUNDING));
      Map<String, Double> ticks = new LinkedHashMap<>();
      long last = (long) Math.floor(high / interval + ROUNDING);
      for (long i = (long) Math.ceil(low / interval - ROUNDING); i <= last; i++) {
        ticks.put(String.format(Locale.ROOT, "%,." + decimals + "f", i * interval), i * interval);
      }
      return ticks;
    }
  }

  /** Returns the smallest round number that is not below another one: 1, 2 or 5 times a power. */
  private static double interval(double smallest) {
    double power = Math.pow(10, Math.floor(Math.log10(smallest)));
    return power
        * (smallest <= power ? 1 : smallest <= 2 * power ? 2 : smallest <= 5 * power ? 5 : 10);
  }

  private void draw(Canvas canvas, double top, double right) {
    List<String> names = names();
    double bottom = height - BOTTOM;
    Axis x = new Axis(0, Math.max(1, all(false).max().orElse(1)), LEFT, right);
    Axis y = valueAxis(bottom, top);
    x.ticks(TICK_WIDTH)
        .forEach(
            (label, step) -> {
              canvas.gridLine(x.pixel(step), top, x.pixel(step), bottom);
              canvas.text(label, x.pixel(step), height - GAP, Canvas.Anchor.MIDDLE);
            });
    y.ticks(TICK_HEIGHT)
        .forEach(
            (label, value) -> {
              canvas.gridLine(LEFT, y.pixel(value), right, y.pixel(value));
              canvas.text(label, LEFT - GAP, y.pixel(value) + 4, Canvas.Anchor.END);
            });
    for (Line line : lines) {
      canvas.curve(
          new Canvas.Pen(colour(names.indexOf(line.name)), line.dashed),
          x.pixels(line.steps),
          y.pixels(line.values));
    }
  }

  private Axis valueAxis(double bottom, double top) {
    double low = all(true).min().orElse(0);
    double high = all(true).max().orElse(1);
    if (!(high > low)) { // a level line lies in the middle
      double margin = Math.max(1e-9, Math.abs(high) / 2);
      low -= margin;
      high += margin;
    }
    double interval = 0;
    double wider = interval((high - low) * TICK_HEIGHT / (bottom - top));
    while (wider > interval) { // round ends make the axis longer, which may need a wider interval
      interval = wider;
      low = Math.floor(low / interval + ROUNDING) * interval;
      high = Math.ceil(high / interval - ROUNDING) * interval;
      wider = interval((high - low) * TICK_HEIGHT / (bottom - top));
    }
    return new Axis(low, high, bottom, top);
  }

  private DoubleStream all(boolean values) {
    return lines.stream().flatMapToDouble(line -> Arrays.stream(values ? line.values : line.steps));
  }

  private static double legendWidth(Canvas canvas, List<String> names) {
    double widest = names.stream().mapToDouble(canvas::width).max().orElse(0);
    return widest == 0 ? 0 : LEGEND_SAMPLE + GAP + widest + GAP;
  }

  private static void drawLegend(Canvas canvas, List<String> names, double x, double top) {
    for (int i = 0; i < names.size(); i++) {
      double y = top + LEGEND_LINE * (i + 0.5);
      canvas.curve(
          new Canvas.Pen(colour(i), false),
          new double[] {x, x + LEGEND_SAMPLE},
          new double[] {y, y});
      canvas.text(names.get(i), x + LEGEND_SAMPLE + GAP, y + 4, Canvas.Anchor.START);
    }
  }

  /**
   * Returns the colour of a name; after the last colour, the first ones follow in a darker shade.
   */
  private static int colour(int index) {
    int rgb = COLOURS[index % COLOURS.length];
    return index / COLOURS.length % 2 == 0 ? rgb : rgb >> 1 & 0x7f7f7f;
  }
}
