package folio.trainer.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A run's record: one JSON object a line, each with an {@code event} and a {@code step}. */
public final class MetricsFile {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path file;

  /**
   * Goes on with a record, dropping what was written after the step that the run resumes from: it
   * will happen again.
   *
   * @param step steps taken by the resumed run; 0 begins a new record
   */
  public MetricsFile(Path file, long step) {
    this.file = file;
    StringBuilder kept = new StringBuilder();
    try {
      if (step > 0 && Files.exists(file)) {
        // A killed process may leave half a character: a decoder that refuses it would be wrong.
        String lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        lines
            .lines()
            .filter(line -> isUntil(line, step))
            .forEach(line -> kept.append(line).append('\n'));
      }
      DurableFiles.replace(file, kept.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** A killed process may leave half a line. */
  private static boolean isUntil(String line, long step) {
    return parse(line).filter(node -> node.path("step").asLong() <= step).isPresent();
  }

  /**
   * The lines of a record; what a killed process left of one is passed over.
   *
   * @throws UncheckedIOException if there is no such file
   */
  static List<JsonNode> read(Path file) {
    try {
      // A killed process may leave half a character: a decoder that refuses it would be wrong.
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
          .lines()
          .flatMap(line -> parse(line).stream())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(new IOException(file + " cannot be read: " + e, e));
    }
  }

  private static Optional<JsonNode> parse(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      return node.isObject() ? Optional.of(node) : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** Adds a line. */
  public void write(String event, long step, Map<String, ?> fields) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    line.put("step", step);
    line.putAll(fields);
    try {
      Files.writeString(
          file,
          JSON.writeValueAsString(line) + "\n",
          StandardOpenOption.APPEND,
          StandardOpenOption.CREATE);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** The system's message alone does not say which file. */
  private UncheckedIOException unwritable(IOException e) {
    return new UncheckedIOException(
        new IOException("the metrics cannot be written to " + file + ": " + e.getMessage(), e));
  }
}
