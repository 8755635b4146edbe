package folio.trainer.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The arguments of a training run that takes a second. */
public final class SmallRun {
  private SmallRun() {}

  /** Returns the arguments of a run of 40 steps with two evaluations, in a mutable list. */
  public static List<String> arguments(Path corpus, String checkpoints, Path run) {
    return new ArrayList<>(
        List.of(
            "train",
            "--corpus=" + corpus,
            "--checkpoints=" + checkpoints,
            "--run=" + run,
            "--hidden-size=16",
            "--embedding-size=8",
            "--batch=8",
            "--length=16",
            "--steps=40",
            "--evaluate-every=20",
            "--device=cpu"));
  }
}
