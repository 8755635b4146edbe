package folio.benchmark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Measurements as lines of JSON. */
final class RawFigures {
  private RawFigures() {}

  /** Whether a file can be written later. */
  static boolean canWrite(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder != null && Files.isWritable(folder) && !Files.isDirectory(file);
  }

  /**
   * Writes a file whole or not at all.
   *
   * @throws BenchmarkException if it cannot be written
   */
  static void write(Path file, List<Measurement> measurements) {
    Path target = file.toAbsolutePath();
    JsonMapper json = new JsonMapper();
    try {
      List<String> lines = new ArrayList<>();
      for (Measurement measurement : measurements) {
        lines.add(json.writeValueAsString(measurement));
      }
      Path temporary = Files.createTempFile(target.getParent(), ".tmp-", ".jsonl");
      try {
        Files.write(temporary, lines);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new BenchmarkException(file + " cannot be written: " + e, e);
    }
  }
}
