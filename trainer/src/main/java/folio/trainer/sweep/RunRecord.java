package folio.trainer.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import folio.model.run.RunEvents;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The results of a run, as its record has them.
 *
 * @param steps the number of steps taken
 * @param ended whether the run took all its steps
 * @param evaluations in order
 * @param charactersPerSecond the median of all figures of speed; NaN if there are none
 */
public record RunRecord(
    long steps, boolean ended, List<Evaluation> evaluations, double charactersPerSecond) {
  /** The end of the name of a protocol that was applied to a sample of the text. */
  private static final Pattern SAMPLE = Pattern.compile("-sample-\\d+$");

  private static final String DOCUMENTS = "documents";

  /** The record of a run that has not begun. */
  public static final RunRecord EMPTY = new RunRecord(0, false, List.of(), Double.NaN);

  /**
   * One evaluation of a run's network.
   *
   * @param step the number of steps taken before
   * @param trainingLoss the mean since the evaluation before, in nats, with dropout; NaN if unknown
   * @param losses the losses of the averaged network in nats, by protocol; a sample counts as its
   *     protocol
   */
  public record Evaluation(long step, double trainingLoss, Map<String, Double> losses) {
    /** Returns the loss by a protocol, in nats; NaN if it was not measured. */
    double loss(String protocol) {
      return losses.getOrDefault(protocol, Double.NaN);
    }
  }

  /**
   * Reads the record of a run; a missing file is the record of a run that has not begun.
   *
   * @throws SweepException if the file cannot be read
   */
  public static RunRecord read(Path metrics) {
    if (!Files.exists(metrics)) {
      return EMPTY;
    }
    try {
      RunEvents events = RunEvents.read(metrics);
      JsonNode end = events.end();
      return new RunRecord(
          events.lastStep(),
          end != null && end.path("whole").asBoolean(),
          events.all().stream().flatMap(event -> evaluation(event).stream()).toList(),
          events.medianSpeed());
    } catch (UncheckedIOException e) {
      throw new SweepException(e.getCause().getMessage(), e);
    }
  }

  /** Returns the evaluation that an event records, or empty if it is another event. */
  private static Optional<Evaluation> evaluation(JsonNode event) {
    String losses =
        switch (event.path("event").asText()) {
          case "evaluation" -> "loss_nats";
          case "measured", "calibrated" -> "validation_loss_nats";
          default -> null;
        };
    if (losses == null) {
      return Optional.empty();
    }
    Map<String, Double> byProtocol = new TreeMap<>();
    for (Map.Entry<String, JsonNode> loss : event.path(losses).properties()) {
      String protocol = SAMPLE.matcher(loss.getKey()).replaceFirst("");
      boolean isSample = !protocol.equals(loss.getKey());
      if (!isSample || !event.path(losses).has(protocol)) {
        byProtocol.put(protocol, loss.getValue().asDouble());
      }
    }
    return Optional.of(
        new Evaluation(
            event.path("step").asLong(),
            event.path("training_loss_nats").asDouble(Double.NaN),
            byProtocol));
  }

  /** Returns the newest training loss, in nats; NaN if there is none. */
  public double trainingLoss() {
    return evaluations.stream()
        .mapToDouble(Evaluation::trainingLoss)
        .filter(loss -> !Double.isNaN(loss))
        .reduce(Double.NaN, (before, loss) -> loss);
  }

  /** Returns the protocol by which the run's networks are compared. */
  String protocol() {
    boolean documents =
        evaluations.stream()
            .flatMap(evaluation -> evaluation.losses().keySet().stream())
            .anyMatch(protocol -> protocol.endsWith(DOCUMENTS));
    return documents ? DOCUMENTS : "windows-256";
  }

  /** Returns the newest loss by a protocol, in nats; NaN if there is none. */
  public double lastLoss(String protocol) {
    double[] all = losses(protocol);
    return all.length == 0 ? Double.NaN : all[all.length - 1];
  }

  /** Returns the lowest loss by a protocol of all evaluations, in nats; NaN if there is none. */
  public double lowestLoss(String protocol) {
    return Arrays.stream(losses(protocol)).min().orElse(Double.NaN);
  }

  private double[] losses(String protocol) {
    return evaluations.stream()
        .filter(evaluation -> evaluation.losses().containsKey(protocol))
        .mapToDouble(evaluation -> evaluation.losses().get(protocol))
        .toArray();
  }
}
