package folio.trainer.report;

import com.fasterxml.jackson.databind.JsonNode;
import folio.model.run.RunEvents;
import folio.model.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The report of a run: one HTML file that needs no other, made from the run's metrics file alone.
 */
public final class RunReport {
  /** The surprise, in nats, from which on a character has the full colour. */
  private static final double FULL_SHADE = 6;

  private static final int CHART_HEIGHT = 260;

  private final RunEvents events;
  private final StringBuilder html = new StringBuilder();

  private RunReport(RunEvents events) {
    this.events = events;
  }

  /**
   * Writes a report. A reader sees the old file or the new one, never a part.
   *
   * @param metrics the run's metrics file
   * @throws UncheckedIOException if the record cannot be read or the report cannot be written
   */
  public static void write(Path metrics, Path report) {
    String html = new RunReport(RunEvents.read(metrics)).render();
    try {
      DurableFiles.replace(report, html.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("the report cannot be written to " + report + ": " + e.getMessage(), e));
    }
  }

  private String render() {
    html.append(Html.head("Training report")).append("<h1>Training report</h1>\n");
    summary();
    charts();
    prediction();
    memorised();
    samples();
    settings();
    return html.append("</body></html>\n").toString();
  }

  private void summary() {
    JsonNode begin = events.last("begin");
    JsonNode end = events.end();
    html.append("<p>")
        .append(
            Html.escape(
                String.format(
                    Locale.ROOT,
                    "%s, %,d parameters; %,d steps, %s.",
                    begin == null ? "?" : begin.at("/corpus/name").asText("a text"),
                    begin == null ? 0 : begin.path("parameters").asLong(),
                    events.lastStep(),
                    end == null
                        ? "not ended"
                        : end.path("whole").asBoolean() ? "the whole run" : "stopped early")))
        .append("</p>\n");
    history(begin);
    JsonNode evaluation = events.last("evaluation");
    if (evaluation == null) {
      return;
    }
    html.append("<table class=\"losses\"><tr><th>loss<th>nats per character<th>bits</tr>\n");
    Map<String, JsonNode> losses = new TreeMap<>();
    evaluation.path("loss_nats").properties().forEach(e -> losses.put(e.getKey(), e.getValue()));
    losses.put("training", evaluation.path("training_loss_nats"));
    for (JsonNode measured : measurements()) {
      JsonNode temperature = measured.path("calibration_temperature");
      String selected =
          ", selected network of step "
              + measured.path("step").asLong()
              + (temperature.isNumber()
                  ? String.format(
                      Locale.ROOT, " with its logits divided by %.2f", temperature.asDouble())
                  : "")
              + ": ";
      for (String part : List.of("validation", "test")) {
        measured
            .path(part + "_loss_nats")
            .properties()
            .forEach(e -> losses.put(part + selected + e.getKey(), e.getValue()));
      }
    }
    losses.forEach(
        (name, nats) -> {
          if (nats.isNumber()) {
            html.append(
                String.format(
                    Locale.ROOT,
                    "<tr><td>%s<td>%.4f<td>%.4f</tr>%n",
                    Html.escape(name),
                    nats.asDouble(),
                    nats.asDouble() / Math.log(2)));
          }
        });
    html.append("</table>\n");
  }

  /** Returns the measurements of the selected network at the end of the run. */
  private List<JsonNode> measurements() {
    return Stream.of("calibrated", "measured").map(events::last).filter(Objects::nonNull).toList();
  }

  /** Adds when the run began, how long it took, what it published and the command. */
  private void history(JsonNode begin) {
    html.append("<table class=\"facts\">\n");
    events
        .began()
        .ifPresent(
            time -> {
              row("began", time.truncatedTo(ChronoUnit.SECONDS) + " (UTC)");
              row("took", Durations.format(events.activeTime()));
            });
    JsonNode published = events.last("published");
    if (published != null) {
      row(
          "published",
          published.path("version").asText()
              + (published.path("promoted").asBoolean()
                  ? ", which became CURRENT"
                  : ", which was not promoted"));
    }
    if (begin != null && begin.has("command")) {
      row("command", begin.path("command").asText());
    }
    html.append("</table>\n");
  }

  private void row(String label, String text) {
    html.append("<tr><td>")
        .append(Html.escape(label))
        .append("<td>")
        .append(Html.escape(text))
        .append("</tr>\n");
  }

  private void charts() {
    html.append("<div class=\"charts\">\n");
    LineChart losses = new LineChart("Loss, nats per character", CHART_HEIGHT);
    add(losses, "training", "progress", "/training_loss_nats");
    Set<String> protocols = new TreeSet<>();
    events
        .of("evaluation")
        .forEach(line -> line.path("loss_nats").fieldNames().forEachRemaining(protocols::add));
    protocols.forEach(name -> add(losses, name, "evaluation", "/loss_nats/" + name));
    show(losses);
    showProgress("Learning rate", "/learning_rate");
    showProgress("Gradient norm, before clipping", "/gradient_norm");
    showProgress("Characters per second", "/characters_per_second");
    html.append("</div>\n");
  }

  private void showProgress(String title, String field) {
    LineChart chart = new LineChart(title, CHART_HEIGHT);
    add(chart, "", "progress", field);
    show(chart);
  }

  private void add(LineChart chart, String name, String event, String field) {
    Predicate<JsonNode> has = line -> line.at(field).isNumber();
    List<JsonNode> points = events.of(event).stream().filter(has).toList();
    chart.add(
        name,
        false,
        points.stream().mapToDouble(line -> line.path("step").asDouble()).toArray(),
        points.stream().mapToDouble(line -> line.at(field).asDouble()).toArray());
  }

  private void show(LineChart chart) {
    if (!chart.isEmpty()) {
      html.append("<section><h2>")
          .append(Html.escape(chart.title()))
          .append("</h2>")
          .append(chart.html())
          .append("</section>\n");
    }
  }

  /** Adds the coloured text of the blog post "RNN generations": red where it was not expected. */
  private void prediction() {
    JsonNode prediction = events.last("prediction");
    if (prediction == null) {
      return;
    }
    html.append(
        "<h2>Predictions on the validation text</h2><p>The redder a character, the less the network"
            + " expected it. Point at a character to see its probability and the character that the"
            + " network expected.</p><p class=\"coloured\">");
    int[] target = prediction.path("text").asText().codePoints().toArray();
    int[] predicted = prediction.path("predicted").asText().codePoints().toArray();
    for (int i = 0; i < target.length; i++) {
      double logprob = prediction.path("logprobs").path(i).asDouble();
      html.append(
          String.format(
              Locale.ROOT,
              "<span style=\"--shade:%.2f\" title=\"%.1f %%, expected %s\">%s</span>",
              Math.min(1, -logprob / FULL_SHADE),
              100 * Math.exp(logprob),
              Html.escape(visible(predicted[i])),
              target[i] == '\n' ? "⏎\n" : Html.escape(Character.toString(target[i]))));
    }
    html.append("</p>\n");
  }

  private void memorised() {
    JsonNode found = events.last("memorised");
    if (found == null) {
      return;
    }
    html.append("<h2>Memorised text</h2><p>")
        .append(
            Html.escape(
                String.format(
                    Locale.ROOT,
                    "Of %,d characters that the network generated, the longest run that also occurs"
                        + " in its training text (%,d characters of it were searched) is %d"
                        + " characters long. For as many characters of the validation text, which"
                        + " the network never saw, it is %d. Runs are %.2f and %.2f characters long"
                        + " on average. The longest run:",
                    found.path("characters").asLong(),
                    found.path("searched").asLong(),
                    found.path("longest").asLong(),
                    found.path("longest_unseen").asLong(),
                    found.path("mean").asDouble(),
                    found.path("mean_unseen").asDouble())))
        .append("</p><pre>")
        .append(Html.escape(found.path("longest_run").asText()))
        .append("</pre>\n");
  }

  private void samples() {
    List<JsonNode> samples = events.of("sample");
    if (samples.isEmpty()) {
      return;
    }
    html.append("<h2>Samples</h2>\n");
    for (int i = samples.size() - 1; i >= 0; i--) {
      JsonNode sample = samples.get(i);
      html.append(i == samples.size() - 1 ? "<details open>" : "<details>")
          .append(
              String.format(
                  Locale.ROOT,
                  "<summary>after %,d steps, temperature %s</summary><pre>",
                  sample.path("step").asLong(),
                  sample.path("temperature").asText()))
          .append(Html.escape(sample.path("text").asText()))
          .append("</pre></details>\n");
    }
  }

  private void settings() {
    JsonNode begin = events.last("begin");
    if (begin == null) {
      return;
    }
    html.append("<h2>Settings</h2><table class=\"facts\">\n");
    begin
        .path("settings")
        .properties()
        .forEach(setting -> row(setting.getKey(), setting.getValue().asText()));
    html.append("</table>\n");
  }

  private static String visible(int codePoint) {
    return codePoint == '\n' ? "⏎" : codePoint == ' ' ? "␣" : Character.toString(codePoint);
  }
}
