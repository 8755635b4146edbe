package folio.inference.api.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import folio.model.run.RunEvents;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A training run with its curves, as {@code GET /runs/{run}} describes it. */
@Schema(name = "Run", description = "A training run with its curves, samples and predictions.")
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunView(
    @Schema(description = "The summary of the run.") RunSummary summary,
    @Schema(description = "The training losses, in the order of the steps; at most 300.")
        List<Point> training,
    @Schema(description = "The validation losses by protocol, at most 300 of each.")
        Map<String, List<Point>> validation,
    @Schema(description = "The training speeds in characters per second; at most 300.")
        List<Point> speed,
    @Schema(description = "The texts that the network wrote, newest first; at most 20.")
        List<Sample> samples,
    @Schema(description = "The newest predictions on the validation text, if there are any.")
        PredictedText prediction,
    @Schema(description = "The checkpoints that the run published, oldest first; at most 100.")
        List<PublishedCheckpoint> published) {

  private static final int MAX_POINTS = 300;
  private static final int MAX_SAMPLES = 20;
  private static final int MAX_PUBLISHED = 100;

  /** A point of a curve. */
  @Schema(name = "Point", description = "A point of a curve.")
  public record Point(
      @Schema(description = "The number of optimizer steps.", examples = "400") long step,
      @Schema(
              description =
                  "The loss in nats per character, or the speed in characters per second.",
              examples = "1.62")
          double value) {}

  /** A text that the network wrote. */
  @Schema(name = "Sample", description = "A text that a network in training wrote.")
  public record Sample(
      @Schema(description = "The number of optimizer steps.", examples = "400") long step,
      @Schema(description = "The text.", examples = "KING RICHARD:\nWhat") String text) {}

  /** A part of the validation text, and how well the network predicted it. */
  @Schema(
      name = "PredictedText",
      description = "The beginning of the validation text, and how well the network predicts it.")
  public record PredictedText(
      @Schema(description = "The number of optimizer steps.", examples = "400") long step,
      @Schema(description = "The text.", examples = "good") String text,
      @Schema(description = "The most likely character at each position.", examples = "gond")
          String predicted,
      @Schema(
              description = "The natural logarithm of the probability of each character of text.",
              examples = "[-1.2, -0.5, -1.9, -0.1]")
          List<Double> logprobs) {}

  /** A checkpoint that the run published. */
  @Schema(name = "PublishedCheckpoint", description = "A checkpoint that a run published.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record PublishedCheckpoint(
      @Schema(description = "The number of optimizer steps.", examples = "400") long step,
      @Schema(description = "The name of the checkpoint.", examples = "20261123T184500Z-1a2b3c4d")
          String version,
      @Schema(description = "Whether it became CURRENT.", examples = "true") boolean promoted,
      @Schema(
              description = "When it was published, in RFC 3339, by the clock of the run.",
              examples = "2026-11-23T18:45:30Z")
          Instant time) {}

  /** Returns the view of a run's record. */
  static RunView of(String run, Instant updated, RunEvents events) {
    Map<String, List<Point>> validation = new TreeMap<>();
    for (JsonNode event : events.evenly("evaluation", MAX_POINTS)) {
      event
          .path("loss_nats")
          .properties()
          .forEach(
              loss ->
                  validation
                      .computeIfAbsent(loss.getKey(), protocol -> new ArrayList<>())
                      .add(new Point(step(event), loss.getValue().asDouble())));
    }
    return new RunView(
        RunSummary.of(run, updated, events),
        curve(events, "training_loss_nats"),
        validation,
        curve(events, "characters_per_second"),
        samples(events),
        prediction(events.last("prediction")),
        published(events));
  }

  private static long step(JsonNode event) {
    return event.path("step").asLong();
  }

  private static List<Point> curve(RunEvents events, String field) {
    return events.evenly("progress", MAX_POINTS).stream()
        .filter(event -> event.path(field).isNumber())
        .map(event -> new Point(step(event), event.path(field).asDouble()))
        .toList();
  }

  private static List<Sample> samples(RunEvents events) {
    List<Sample> samples = new ArrayList<>();
    List<JsonNode> all = events.of("sample");
    for (int i = all.size() - 1; i >= 0 && samples.size() < MAX_SAMPLES; i--) {
      samples.add(new Sample(step(all.get(i)), all.get(i).path("text").asText()));
    }
    return samples;
  }

  private static PredictedText prediction(JsonNode event) {
    if (event == null) {
      return null;
    }
    List<Double> logprobs = new ArrayList<>();
    event.path("logprobs").forEach(logprob -> logprobs.add(logprob.asDouble()));
    return new PredictedText(
        step(event), event.path("text").asText(), event.path("predicted").asText(), logprobs);
  }

  private static List<PublishedCheckpoint> published(RunEvents events) {
    List<JsonNode> all = events.of("published");
    return all.stream()
        .skip(Math.max(0, all.size() - MAX_PUBLISHED))
        .map(
            event ->
                new PublishedCheckpoint(
                    step(event),
                    event.path("version").asText(),
                    event.path("promoted").asBoolean(),
                    RunEvents.time(event).orElse(null)))
        .toList();
  }
}
