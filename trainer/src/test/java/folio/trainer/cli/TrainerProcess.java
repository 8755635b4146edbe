package folio.trainer.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The trainer as a process of its own, which can be killed. */
public final class TrainerProcess {
  private TrainerProcess() {}

  /** Ready to be started, saying everything on its output. */
  public static ProcessBuilder of(List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Trainer.class.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectErrorStream(true);
  }
}
