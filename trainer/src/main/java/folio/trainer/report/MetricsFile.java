package folio.trainer.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.run.RunEvents;
import folio.model.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The writer of a run's metrics file: one JSON object a line, each with an {@code event}, a {@code
 * step} and a {@code time}. {@link RunEvents} reads it. Owned by the training thread.
 */
public final class MetricsFile {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path file;
  private final InstantSource clock;

  /**
   * Begins a metrics file or continues one. The events after the step that the run resumes from are
   * dropped, because they will happen again.
   *
   * @param step the number of steps that the resumed run has taken; 0 begins a new file
   * @throws UncheckedIOException if the file cannot be written
   */
  public MetricsFile(Path file, long step) {
    this(file, step, InstantSource.system());
  }

  /** Begins or continues a file with the times of another clock. */
  MetricsFile(Path file, long step, InstantSource clock) {
    this.file = file;
    this.clock = clock;
    StringBuilder remaining = new StringBuilder();
    try {
      if (step > 0 && Files.exists(file)) {
        RunEvents.lines(file)
            .filter(line -> isUntil(line, step))
            .forEach(line -> remaining.append(line).append('\n'));
      }
      DurableFiles.replace(file, remaining.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private static boolean isUntil(String line, long step) {
    return RunEvents.parse(line).filter(node -> node.path("step").asLong() <= step).isPresent();
  }

  /**
   * Appends an event.
   *
   * @param step the number of steps taken
   * @param fields further fields of the line, by name
   * @throws UncheckedIOException if the file cannot be written
   */
  public void write(String event, long step, Map<String, ?> fields) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    line.put("step", step);
    line.put("time", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString());
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

  /** Returns an error that names the file, which the system's message alone does not. */
  private UncheckedIOException unwritable(IOException e) {
    return new UncheckedIOException(
        new IOException("the metrics cannot be written to " + file + ": " + e.getMessage(), e));
  }
}
