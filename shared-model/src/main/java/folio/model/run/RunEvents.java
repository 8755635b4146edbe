package folio.model.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The events of a run, as its {@code metrics.jsonl} records them. Immutable.
 *
 * @param all JSON objects in order, each with an {@code event} and a {@code step}
 */
public record RunEvents(List<JsonNode> all) {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * Reads a metrics file. A line that a killed process left incomplete is skipped.
   *
   * @throws UncheckedIOException if the file cannot be read
   */
  public static RunEvents read(Path file) {
    try {
      return parse(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(new IOException(file + " cannot be read: " + e, e));
    }
  }

  /**
   * Returns the lines of a file. {@link Files#lines} would not do: a killed process may leave half
   * a character, at which that method throws.
   */
  public static Stream<String> lines(Path file) throws IOException {
    return lines(Files.readAllBytes(file));
  }

  private static Stream<String> lines(byte[] content) {
    return new String(content, StandardCharsets.UTF_8).lines();
  }

  /** Returns the events in the content of a metrics file. An incomplete line is skipped. */
  public static RunEvents parse(byte[] content) {
    return new RunEvents(lines(content).flatMap(line -> parse(line).stream()).toList());
  }

  /** Returns the content of a metrics file with these events. */
  byte[] toBytes() {
    StringBuilder lines = new StringBuilder();
    all.forEach(event -> lines.append(event).append('\n'));
    return lines.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the event in a line, or nothing if the line is incomplete. */
  public static Optional<JsonNode> parse(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      return node.isObject() ? Optional.of(node) : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** Returns the events of one kind, in order. */
  public List<JsonNode> of(String event) {
    return all.stream().filter(line -> line.path("event").asText().equals(event)).toList();
  }

  /** Returns the last event of a kind, or null if there is none. */
  public JsonNode last(String event) {
    List<JsonNode> events = of(event);
    return events.isEmpty() ? null : events.get(events.size() - 1);
  }

  /** Returns how the run ended, or null if it has not ended since it began or was resumed. */
  public JsonNode end() {
    for (int i = all.size() - 1; i >= 0; i--) {
      String event = all.get(i).path("event").asText();
      if (event.equals("end")) {
        return all.get(i);
      }
      if (event.equals("begin") || event.equals("resume")) {
        return null;
      }
    }
    return null;
  }

  /** Returns events of one kind at about equal distances, the last one among them. */
  public List<JsonNode> evenly(String event, int most) {
    List<JsonNode> events = of(event);
    int stride = (events.size() + most - 1) / most;
    List<JsonNode> kept = new ArrayList<>();
    for (int i = 0; i < events.size(); i++) {
      if ((events.size() - 1 - i) % stride == 0) {
        kept.add(events.get(i));
      }
    }
    return kept;
  }

  /** Returns when the run began; empty if an earlier release recorded it. */
  public Optional<Instant> began() {
    return all.stream().flatMap(event -> time(event).stream()).findFirst();
  }

  /** Returns how long the run was active: the time between its events, but not before a resume. */
  public Duration activeTime() {
    Duration active = Duration.ZERO;
    Instant before = null;
    for (JsonNode event : all) {
      Optional<Instant> time = time(event);
      if (time.isPresent()) {
        if (before != null && !event.path("event").asText().equals("resume")) {
          active = active.plus(Duration.between(before, time.get()));
        }
        before = time.get();
      }
    }
    return active;
  }

  /** Returns the median of all figures of speed in characters/s; NaN if there are none. */
  public double medianSpeed() {
    double[] sorted =
        of("progress").stream()
            .map(event -> event.path("characters_per_second"))
            .filter(JsonNode::isNumber)
            .mapToDouble(JsonNode::asDouble)
            .sorted()
            .toArray();
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
  }

  /** Returns when an event happened; empty if it has no time, or none that is legal. */
  public static Optional<Instant> time(JsonNode event) {
    try {
      return event.has("time")
          ? Optional.of(Instant.parse(event.get("time").asText()))
          : Optional.empty();
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  /** Returns the highest step of all events; 0 if there are none. */
  public long lastStep() {
    return all.stream().mapToLong(event -> event.path("step").asLong()).max().orElse(0);
  }
}
