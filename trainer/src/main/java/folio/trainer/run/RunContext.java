package folio.trainer.run;

import ai.djl.Device;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointStore;
import folio.model.run.RunStore;
import folio.trainer.corpus.Corpus;
import folio.trainer.publication.Promotion;
import folio.trainer.report.LiveMetrics;
import java.io.PrintStream;
import java.util.Map;

/**
 * The surroundings of a training run: everything it reads, writes or computes on that is not a
 * hyperparameter. The caller closes the folder and the live metrics after the run.
 *
 * @param corpus the text to train on and to validate with
 * @param savedOptions the options that a resumed run takes over in addition to the hyperparameters,
 *     by name without dashes
 * @param parent the checkpoint whose weights a new run begins with, or null
 * @param device the device that computes
 * @param threads the number of the engine's threads on the host
 * @param store the store that receives checkpoints
 * @param promotion when {@code CURRENT} moves to a new checkpoint
 * @param keep how many of the run's checkpoints stay in the store, at least 1
 * @param folder the folder of the run's state, metrics and report
 * @param secondsPerStep the measured time of a step, evaluations included
 * @param command the command that started this process, as a user would type it
 * @param out the stream that progress is printed to
 * @param terminal whether {@code out} is a terminal; then there are colours and a progress bar
 * @param live the server of the run's current figures, or {@link LiveMetrics#NONE}
 * @param group the processes that train together, of which this one is rank 0; null if it is alone
 * @param shared the store that receives the run's record while it trains, or null
 */
public record RunContext(
    Corpus corpus,
    Map<String, String> savedOptions,
    Checkpoint parent,
    Device device,
    int threads,
    CheckpointStore store,
    Promotion promotion,
    int keep,
    RunFolder folder,
    double secondsPerStep,
    String command,
    PrintStream out,
    boolean terminal,
    LiveMetrics live,
    RunGroup group,
    RunStore shared) {}
