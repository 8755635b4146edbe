package folio.trainer.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the metrics of a run tell.
 *
 * @param steps taken
 * @param ended whether it took all its steps
 * @param evaluations in order
 * @param charactersPerSecond the median; NaN if it was never told
 */
public record RunRecord(
    long steps, boolean ended, List<Evaluation> evaluations, double charactersPerSecond) {
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * One look at the network.
   *
   * @param trainingLoss mean since the one before, in nats, dropout included; NaN if unknown
   * @param losses of the averaged network by protocol, in nats
   */
  public record Evaluation(long step, double trainingLoss, Map<String, Double> losses) {}

  /** Nothing yet. */
  public static final RunRecord EMPTY = new RunRecord(0, false, List.of(), Double.NaN);

  /**
   * Reads the metrics of a run; one that has not begun has none.
   *
   * @throws SweepException if the file cannot be read
   */
  public static RunRecord read(Path metrics) {
    if (!Files.exists(metrics)) {
      return EMPTY;
    }
    long steps = 0;
    boolean ended = false;
    List<Evaluation> evaluations = new ArrayList<>();
    List<Double> speeds = new ArrayList<>();
    for (JsonNode line : lines(metrics)) {
      steps = Math.max(steps, line.path("step").asLong());
      switch (line.path("event").asText()) {
        case "evaluation" -> evaluations.add(evaluation(line));
        case "progress" -> speeds.add(line.path("characters_per_second").asDouble());
        case "end" -> ended = line.path("whole").asBoolean();
        default -> {} // samples and publications are for people
      }
    }
    return new RunRecord(steps, ended, evaluations, median(speeds));
  }

  private static Evaluation evaluation(JsonNode line) {
    Map<String, Double> losses = new TreeMap<>();
    line.path("loss_nats")
        .properties()
        .forEach(loss -> losses.put(loss.getKey(), loss.getValue().asDouble()));
    return new Evaluation(
        line.path("step").asLong(), line.path("training_loss_nats").asDouble(Double.NaN), losses);
  }

  private static List<JsonNode> lines(Path metrics) {
    List<JsonNode> nodes = new ArrayList<>();
    try {
      for (String line :
          new String(Files.readAllBytes(metrics), StandardCharsets.UTF_8).split("\n", -1)) {
        try {
          nodes.add(JSON.readTree(line));
        } catch (JsonProcessingException e) {
          // A killed process may leave half a line.
        }
      }
    } catch (IOException e) {
      throw new SweepException(metrics + " cannot be read: " + e, e);
    }
    return nodes;
  }

  private static double median(List<Double> numbers) {
    double[] sorted = numbers.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
  }

  /** The training loss of the last evaluation, in nats, or NaN. */
  public double trainingLoss() {
    return evaluations.isEmpty()
        ? Double.NaN
        : evaluations.get(evaluations.size() - 1).trainingLoss();
  }

  /** The loss of the last evaluation, in nats, or NaN. */
  public double lastLoss(String protocol) {
    double[] all = losses(protocol);
    return all.length == 0 ? Double.NaN : all[all.length - 1];
  }

  /** The lowest loss of all evaluations, in nats, or NaN. */
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
