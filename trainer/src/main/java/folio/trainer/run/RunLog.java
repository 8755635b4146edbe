package folio.trainer.run;

import folio.trainer.publication.RunUpload;
import folio.trainer.report.LiveMetrics;
import folio.trainer.report.MetricsFile;
import folio.trainer.report.TensorBoardFile;
import java.util.Map;
import java.util.Optional;

/**
 * The log of a run: it writes each event to the metrics file, to TensorBoard's file, to the live
 * metrics and, if the run is live, to the store. Owned by the training thread.
 */
final class RunLog implements AutoCloseable {
  private final MetricsFile metrics;
  private final TensorBoardFile tensorBoard;
  private final LiveMetrics live;
  private final Optional<RunUpload> upload;

  /**
   * Begins or continues a log.
   *
   * @param run the identifier of the run
   * @param step the number of steps taken before; 0 begins new files
   */
  RunLog(RunContext context, String run, long step) {
    RunFolder folder = context.folder();
    this.metrics = new MetricsFile(folder.metrics(), step);
    this.tensorBoard = new TensorBoardFile(folder.path(), step);
    this.live = context.live();
    this.upload =
        Optional.ofNullable(context.shared())
            .map(store -> new RunUpload(store, run, folder.metrics()));
  }

  /** Writes an event; TensorBoard and the live metrics take its numbers. */
  void write(String event, long step, Map<String, ?> fields) {
    metrics.write(event, step, fields);
    tensorBoard.write(event, step, fields);
    live.update(step, fields);
    upload.ifPresent(RunUpload::changed);
  }

  /** Returns why the store cannot be written, once. */
  Optional<String> failure() {
    return upload.flatMap(RunUpload::failure);
  }

  /** Writes the end of the log to the store. */
  @Override
  public void close() {
    upload.ifPresent(RunUpload::close);
  }
}
