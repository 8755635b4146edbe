package folio.trainer.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A run that takes a second. */
public final class SmallRun {
  private SmallRun() {}

  /** The arguments of a run of forty steps with two evaluations; more can be added. */
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
