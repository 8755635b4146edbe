package folio.trainer.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The trainer as a process of its own, which a test can kill. */
public final class TrainerProcess {
  private TrainerProcess() {}

  /** Returns a process to start, whose standard output has its errors too. */
  public static ProcessBuilder of(List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Trainer.class.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectErrorStream(true);
  }
}
