package folio.trainer.sweep;

import folio.model.storage.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The result files of a sweep: {@code results.md}, and one picture a group of runs. */
public final class SweepResults {
  private SweepResults() {}

  /**
   * Writes the files to the folder of the sweep.
   *
   * @param failed the names of the runs whose process failed
   * @param warnings receives a message for each picture that cannot be written
   * @return the table
   * @throws SweepException if the sweep has no folder
   * @throws IOException if the table cannot be written
   */
  public static String write(
      Sweep sweep, SweepFile runs, Set<String> failed, Consumer<String> warnings)
      throws IOException {
    List<SweepTable.Row> rows = new ArrayList<>();
    Map<String, Map<String, RunRecord>> groups = new TreeMap<>();
    for (SweepFile.Run run : runs.runs()) {
      RunRecord record = RunRecord.read(sweep.metrics(run));
      rows.add(new SweepTable.Row(run, record, failed.contains(run.name())));
      groups.computeIfAbsent(run.group(), group -> new TreeMap<>()).put(run.name(), record);
    }
    if (!Files.isDirectory(sweep.folder())) {
      throw new SweepException("there is no folder " + sweep.folder() + "; see --folder", null);
    }
    String table = SweepTable.render(rows);
    DurableFiles.replace(
        sweep.folder().resolve("results.md"), table.getBytes(StandardCharsets.UTF_8));
    groups.forEach(
        (group, records) -> {
          try {
            Curves.write(sweep.folder(), group, records);
          } catch (SweepException e) {
            warnings.accept(e.getMessage());
          }
        });
    return table;
  }
}
