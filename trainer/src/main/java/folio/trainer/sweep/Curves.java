package folio.trainer.sweep;

import folio.model.storage.DurableFiles;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Loss curves of a group of runs, as a picture: training dashed, the loss that judges drawn. Runs
 * whose names differ in a number behind a dash are seeds of one, and share a colour.
 */
public final class Curves {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 500;

  /** Before a tenth of its steps every loss falls, so steeply that the rest would look flat. */
  private static final int SHOWN_FROM = 10;

  private static final List<String> JUDGES = List.of("held-out-windows-256", "windows-256");

  private static final BasicStroke DASHED =
      new BasicStroke(1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {5, 4}, 0);

  private Curves() {}

  /**
   * Writes {@code GROUP.png}; nothing if no run has a point.
   *
   * @param runs records by name
   * @throws SweepException if it cannot be written
   */
  public static void write(Path folder, String group, Map<String, RunRecord> runs) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(group)
            .xAxisTitle("step")
            .yAxisTitle("nats a character")
            .build();
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
    chart.getStyler().setMarkerSize(0);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    Map<String, Color> colours = colours(runs.keySet());
    Set<String> told = new HashSet<>();
    boolean any = false;
    for (Map.Entry<String, RunRecord> run : new TreeMap<>(runs).entrySet()) {
      RunRecord record = run.getValue();
      String name = withoutSeed(run.getKey());
      String judge = JUDGES.stream().filter(each -> has(record, each)).findFirst().orElse(null);
      XYSeries drawn =
          judge == null ? null : add(chart, run.getKey(), record, e -> lossOf(e, judge));
      XYSeries training =
          add(chart, run.getKey() + ", training", record, RunRecord.Evaluation::trainingLoss);
      if (training != null) {
        training.setLineColor(colours.get(name)).setLineStyle(DASHED).setShowInLegend(false);
      }
      if (drawn != null) {
        drawn.setLineColor(colours.get(name)).setLineStyle(SeriesLines.SOLID);
      }
      XYSeries named = drawn == null ? training : drawn;
      if (named != null) {
        named.setLabel(name.startsWith(group + ".") ? name.substring(group.length() + 1) : name);
        named.setShowInLegend(told.add(name));
      }
      any |= drawn != null || training != null;
    }
    if (any) {
      try {
        DurableFiles.replace(
            folder.resolve(group + ".png"),
            BitmapEncoder.getBitmapBytes(chart, BitmapEncoder.BitmapFormat.PNG));
      } catch (IOException | RuntimeException | LinkageError | InternalError e) {
        // A Java without fonts throws any of them.
        throw new SweepException("the picture of " + group + " cannot be written: " + e, e);
      }
    }
  }

  private static String withoutSeed(String run) {
    return run.replaceFirst("-\\d+$", "");
  }

  /** Far from each other, and dark enough on white. */
  private static Map<String, Color> colours(Set<String> runs) {
    List<String> names = runs.stream().map(Curves::withoutSeed).distinct().sorted().toList();
    Map<String, Color> colours = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      float hue = (float) i / names.size();
      colours.put(names.get(i), Color.getHSBColor(hue, 0.9f, i % 2 == 0 ? 0.85f : 0.6f));
    }
    return colours;
  }

  private static boolean has(RunRecord record, String protocol) {
    return !Double.isNaN(record.lastLoss(protocol));
  }

  private static double lossOf(RunRecord.Evaluation evaluation, String protocol) {
    return evaluation.losses().getOrDefault(protocol, Double.NaN);
  }

  private static XYSeries add(
      XYChart chart, String name, RunRecord record, ToDoubleFunction<RunRecord.Evaluation> figure) {
    List<Double> steps = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    for (RunRecord.Evaluation evaluation : record.evaluations()) {
      double loss = figure.applyAsDouble(evaluation);
      if (!Double.isNaN(loss) && evaluation.step() * SHOWN_FROM >= record.steps()) {
        steps.add((double) evaluation.step());
        losses.add(loss);
      }
    }
    if (steps.isEmpty()) {
      return null;
    }
    XYSeries series = chart.addSeries(name, steps, losses);
    series.setMarker(SeriesMarkers.NONE);
    return series;
  }
}
