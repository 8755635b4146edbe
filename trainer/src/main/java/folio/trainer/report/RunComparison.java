package folio.trainer.report;

import com.fasterxml.jackson.databind.JsonNode;
import folio.model.run.RunEvents;
import folio.model.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;

/** Several runs next to each other: a table, and a page with their curves in one chart. */
public final class RunComparison {
  private static final int CHART_HEIGHT = 300;
  private static final String NONE = "–";

  private final List<Run> runs;

  /**
   * A run.
   *
   * @param name the name in the table and in the legend
   * @param events what its metrics file records
   */
  public record Run(String name, RunEvents events) {
    /** Returns the protocol of the loss by which the run chose its checkpoint; empty if unknown. */
    private String protocol() {
      JsonNode last = events.last("evaluation");
      Set<String> protocols = new TreeSet<>();
      if (last != null) {
        last.path("loss_nats").fieldNames().forEachRemaining(protocols::add);
      }
      protocols.removeIf(protocol -> protocol.contains("carried"));
      return protocols.stream()
          .filter(protocol -> protocol.startsWith("held-out"))
          .findFirst()
          .orElse(protocols.isEmpty() ? "" : protocols.iterator().next());
    }

    private DoubleStream numbers(String event, String field) {
      return events.of(event).stream()
          .map(line -> line.at(field))
          .filter(JsonNode::isNumber)
          .mapToDouble(JsonNode::asDouble);
    }

    /** Returns the lowest loss, in nats; NaN if nothing was evaluated. */
    private double lowestLoss() {
      return numbers("evaluation", "/loss_nats/" + protocol()).min().orElse(Double.NaN);
    }

    private double trainingLoss() {
      return numbers("progress", "/training_loss_nats").reduce(Double.NaN, (before, loss) -> loss);
    }

    private String setting(String name) {
      JsonNode begin = events.last("begin");
      return begin == null ? NONE : begin.path("settings").path(name).asText(NONE);
    }

    private Set<String> settings() {
      Set<String> names = new TreeSet<>();
      JsonNode begin = events.last("begin");
      if (begin != null) {
        begin.path("settings").fieldNames().forEachRemaining(names::add);
      }
      return names;
    }
  }

  /**
   * Creates a comparison, which orders the runs by their lowest loss.
   *
   * @param runs at least one; their names differ
   */
  public RunComparison(List<Run> runs) {
    this.runs = new ArrayList<>(runs);
    this.runs.sort(Comparator.comparingDouble(Run::lowestLoss)); // NaN comes last
  }

  /** Returns the rows of the table, the first of which is its header. */
  public List<List<String>> table() {
    Set<String> differing = new TreeSet<>();
    for (Run run : runs) {
      for (String name : run.settings()) {
        if (runs.stream().map(each -> each.setting(name)).distinct().count() > 1) {
          differing.add(name);
        }
      }
    }
    List<List<String>> rows = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of("run", "lowest loss", "protocol", "training"));
    header.addAll(List.of("steps", "took", "characters/s"));
    differing.forEach(name -> header.add("--" + name));
    rows.add(header);
    for (Run run : runs) {
      List<String> row = new ArrayList<>();
      row.add(run.name());
      row.add(number("%.4f", run.lowestLoss()));
      row.add(run.protocol().isEmpty() ? NONE : run.protocol());
      row.add(number("%.4f", run.trainingLoss()));
      row.add(String.format(Locale.ROOT, "%,d", run.events().lastStep()));
      Duration active = run.events().activeTime();
      row.add(active.isZero() ? NONE : Durations.format(active));
      row.add(number("%,.0f", run.events().medianSpeed()));
      differing.forEach(name -> row.add(run.setting(name)));
      rows.add(row);
    }
    return rows;
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? NONE : String.format(Locale.ROOT, format, value);
  }

  /**
   * Writes the page. A reader sees the old file or the new one, never a part.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void write(Path page) {
    StringBuilder html = new StringBuilder(Html.head("Comparison of runs"));
    html.append("<h1>Comparison of runs</h1>\n<div class=\"wide\" tabindex=\"0\"><table>\n");
    List<List<String>> rows = table();
    for (int i = 0; i < rows.size(); i++) {
      String cell = i == 0 ? "<th>" : "<td>";
      html.append("<tr>");
      rows.get(i).forEach(text -> html.append(cell).append(Html.escape(text)));
      html.append("</tr>\n");
    }
    html.append("</table></div>\n<div class=\"charts\">\n");
    show(html, "Loss by which checkpoints are chosen, nats per character", "evaluation");
    show(html, "Training loss, nats per character", "progress");
    html.append("</div></body></html>\n");
    try {
      DurableFiles.replace(page, html.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException(page + " cannot be written: " + e.getMessage(), e));
    }
  }

  private void show(StringBuilder html, String title, String event) {
    LineChart chart = new LineChart(title, CHART_HEIGHT);
    for (Run run : runs) {
      String field =
          event.equals("evaluation") ? "/loss_nats/" + run.protocol() : "/training_loss_nats";
      List<JsonNode> points =
          run.events().of(event).stream().filter(line -> line.at(field).isNumber()).toList();
      chart.add(
          run.name(),
          false,
          points.stream().mapToDouble(line -> line.path("step").asDouble()).toArray(),
          points.stream().mapToDouble(line -> line.at(field).asDouble()).toArray());
    }
    if (!chart.isEmpty()) {
      html.append("<section><h2>")
          .append(Html.escape(title))
          .append("</h2>")
          .append(chart.html())
          .append("</section>\n");
    }
  }
}
