package folio.trainer.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;

/** The layout of the runs that a release recorded, and the commands that continue them. */
final class RecordedRuns {
  /** The text that the runs were trained on. */
  static final String CORPUS = "corpus.txt";

  /** The options of a run, one a line. */
  static final String ARGUMENTS = "arguments.txt";

  /** The folder of a run that was stopped by a signal. */
  static final String STOPPED = "stopped";

  /** The folder of the same run after it was resumed and took its last step. */
  static final String FINISHED = "finished";

  /** The options of all commands, one a line. */
  static final String OPTIONS = "options.txt";

  private RecordedRuns() {}

  /** Returns the command that starts or resumes a run in a folder. */
  static ProcessBuilder train(Path recorded, Path folder) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("train", "--resume-if-saved"));
    arguments.addAll(Files.readAllLines(recorded.resolve(ARGUMENTS)));
    arguments.add("--corpus=" + recorded.resolveSibling(CORPUS));
    arguments.add("--checkpoints=" + folder.resolveSibling("checkpoints"));
    arguments.add("--run=" + folder);
    return TrainerProcess.of(arguments);
  }

  /** Returns every command with each of its options, such as {@code train --steps}. */
  static List<String> options() {
    Set<String> options = new TreeSet<>();
    addOptions(Trainer.commandLine(), "", options);
    return List.copyOf(options);
  }

  private static void addOptions(CommandLine command, String name, Set<String> options) {
    for (CommandLine.Model.OptionSpec option : command.getCommandSpec().options()) {
      for (String each : option.names()) {
        options.add((name + " " + each).strip());
      }
    }
    command
        .getSubcommands()
        .forEach((each, child) -> addOptions(child, (name + " " + each).strip(), options));
  }
}
