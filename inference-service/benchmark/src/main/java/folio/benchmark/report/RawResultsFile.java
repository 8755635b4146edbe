package folio.benchmark.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.benchmark.process.BenchmarkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** The file of raw results: one line of JSON for each measurement. */
public final class RawResultsFile {
  private RawResultsFile() {}

  /** Returns whether a file can be created in the folder of this path. */
  public static boolean isWritable(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder != null && Files.isWritable(folder) && !Files.isDirectory(file);
  }

  /**
   * Writes the file atomically: a reader sees the complete file or none.
   *
   * @throws BenchmarkException if the file cannot be written
   */
  public static void write(Path file, List<Measurement> measurements) {
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
