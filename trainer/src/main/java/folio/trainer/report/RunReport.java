package folio.trainer.report;

import com.fasterxml.jackson.databind.JsonNode;
import folio.model.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/** A run told to a person: one HTML file that needs no other, made from the run's record alone. */
public final class RunReport {
  /** So many nats of surprise have the full colour. */
  private static final double FULL_SHADE = 6;

  private final List<JsonNode> lines;
  private final StringBuilder html = new StringBuilder();

  private RunReport(List<JsonNode> lines) {
    this.lines = lines;
  }

  /**
   * Writes a report, whole or not at all.
   *
   * @param metrics the record
   * @throws UncheckedIOException if one cannot be read or the other not written
   */
  public static void write(Path metrics, Path report) {
    String html = new RunReport(MetricsFile.read(metrics)).render();
    try {
      DurableFiles.replace(report, html.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("the report cannot be written to " + report + ": " + e.getMessage(), e));
    }
  }

  private String render() {
    html.append(
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>Training report</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>
        :root { color-scheme: light dark }
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem }
        pre, .target { font: .9rem/1.7 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
        svg { width: 100%; height: auto } svg text { fill: currentColor; font-size: 12px }
        table { border-collapse: collapse } td, th { text-align: left; padding: .15rem 1rem .15rem 0 }
        </style></head><body>
        <h1>Training report</h1>
        """);
    summary();
    charts();
    prediction();
    memorised();
    samples();
    settings();
    return html.append("</body></html>\n").toString();
  }

  private List<JsonNode> events(String event) {
    return lines.stream().filter(line -> line.path("event").asText().equals(event)).toList();
  }

  private JsonNode last(String event) {
    List<JsonNode> all = events(event);
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  private void summary() {
    JsonNode begin = last("begin");
    JsonNode end = last("end");
    long step = lines.stream().mapToLong(line -> line.path("step").asLong()).max().orElse(0);
    html.append("<p>")
        .append(
            escape(
                String.format(
                    Locale.ROOT,
                    "%s, %,d parameters; %,d steps, %s.",
                    begin == null ? "?" : begin.at("/corpus/name").asText("a text"),
                    begin == null ? 0 : begin.path("parameters").asLong(),
                    step,
                    end == null
                        ? "not ended"
                        : end.path("whole").asBoolean() ? "the whole run" : "stopped early")))
        .append("</p>\n");
    JsonNode evaluation = last("evaluation");
    if (evaluation == null) {
      return;
    }
    html.append("<table><tr><th>loss<th>nats a character<th>bits</tr>\n");
    Map<String, JsonNode> losses = new TreeMap<>();
    evaluation.path("loss_nats").properties().forEach(e -> losses.put(e.getKey(), e.getValue()));
    losses.put("training", evaluation.path("training_loss_nats"));
    losses.forEach(
        (name, nats) -> {
          if (nats.isNumber()) {
            html.append(
                String.format(
                    Locale.ROOT,
                    "<tr><td>%s<td>%.4f<td>%.4f</tr>%n",
                    escape(name),
                    nats.asDouble(),
                    nats.asDouble() / Math.log(2)));
          }
        });
    html.append("</table>\n");
  }

  private void charts() {
    LineChart losses = new LineChart("Loss, nats a character");
    add(losses, "training", "evaluation", "/training_loss_nats");
    Set<String> protocols = new TreeSet<>();
    events("evaluation")
        .forEach(line -> line.path("loss_nats").fieldNames().forEachRemaining(protocols::add));
    protocols.forEach(name -> add(losses, name, "evaluation", "/loss_nats/" + name));
    html.append(losses.svg());
    chart("Learning rate", "/learning_rate");
    chart("Gradient norm, before clipping", "/gradient_norm");
    chart("Characters a second", "/characters_per_second");
  }

  private void chart(String title, String field) {
    LineChart chart = new LineChart(title);
    add(chart, "", "progress", field);
    html.append(chart.svg());
  }

  private void add(LineChart chart, String name, String event, String field) {
    Predicate<JsonNode> has = line -> line.at(field).isNumber();
    List<JsonNode> points = events(event).stream().filter(has).toList();
    chart.add(
        name,
        points.stream().mapToDouble(line -> line.path("step").asDouble()).toArray(),
        points.stream().mapToDouble(line -> line.at(field).asDouble()).toArray());
  }

  /** The post's coloured target. */
  private void prediction() {
    JsonNode look = last("prediction");
    if (look == null) {
      return;
    }
    html.append(
        "<h2>The validation text as the network sees it</h2><p>The redder, the more surprised; a"
            + " character's title says what was expected.</p><p class=\"target\">");
    int[] target = look.path("text").asText().codePoints().toArray();
    int[] predicted = look.path("predicted").asText().codePoints().toArray();
    for (int i = 0; i < target.length; i++) {
      double logprob = look.path("logprobs").path(i).asDouble();
      html.append(
          String.format(
              Locale.ROOT,
              "<span style=\"background:rgb(226 62 40/%.2f)\" title=\"%.1f %%, expected %s\">%s</span>",
              0.75 * Math.min(1, -logprob / FULL_SHADE),
              100 * Math.exp(logprob),
              escape(visible(predicted[i])),
              target[i] == '\n' ? "⏎\n" : escape(Character.toString(target[i]))));
    }
    html.append("</p>\n");
  }

  private void memorised() {
    JsonNode found = last("memorised");
    if (found == null) {
      return;
    }
    html.append("<h2>By heart</h2><p>")
        .append(
            escape(
                String.format(
                    Locale.ROOT,
                    "Of %,d characters that it writes, the longest run that stands in its training"
                        + " text (%,d characters of it) has %d; of as many of the validation text,"
                        + " which it never saw, %d. Runs are %.2f and %.2f characters long on"
                        + " average. The longest:",
                    found.path("characters").asLong(),
                    found.path("searched").asLong(),
                    found.path("longest").asLong(),
                    found.path("longest_unseen").asLong(),
                    found.path("mean").asDouble(),
                    found.path("mean_unseen").asDouble())))
        .append("</p><pre>")
        .append(escape(found.path("longest_run").asText()))
        .append("</pre>\n");
  }

  private void samples() {
    List<JsonNode> samples = events("sample");
    if (samples.isEmpty()) {
      return;
    }
    html.append("<h2>What it writes</h2>\n");
    for (int i = samples.size() - 1; i >= 0; i--) {
      JsonNode sample = samples.get(i);
      html.append(i == samples.size() - 1 ? "<details open>" : "<details>")
          .append(
              String.format(
                  Locale.ROOT,
                  "<summary>after %,d steps, temperature %s</summary><pre>",
                  sample.path("step").asLong(),
                  sample.path("temperature").asText()))
          .append(escape(sample.path("text").asText()))
          .append("</pre></details>\n");
    }
  }

  private void settings() {
    JsonNode begin = last("begin");
    if (begin == null) {
      return;
    }
    html.append("<h2>Settings</h2><table>\n");
    begin
        .path("settings")
        .properties()
        .forEach(
            setting ->
                html.append("<tr><td>")
                    .append(escape(setting.getKey()))
                    .append("<td>")
                    .append(escape(setting.getValue().asText()))
                    .append("</tr>\n"));
    html.append("</table>\n");
  }

  private static String visible(int codePoint) {
    return codePoint == '\n' ? "⏎" : codePoint == ' ' ? "␣" : Character.toString(codePoint);
  }

  /** Texts may hold anything; here they are text. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
