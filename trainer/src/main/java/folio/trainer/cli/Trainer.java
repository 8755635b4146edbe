package folio.trainer.cli;

import folio.model.storage.LocaleCharset;
import folio.model.storage.UserPath;
import folio.trainer.run.Errors;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The trainer's command line, whose commands are picocli subcommands. */
@Command(
    name = "./folio",
    mixinStandardHelpOptions = true,
    versionProvider = Trainer.Version.class,
    description = "Trains character-level GRU networks and manages their checkpoints.",
    footer = {
      "",
      "Exit codes: 0 success, 1 failure, 2 wrong option, 143 a run of --resume-if-saved that was"
          + " stopped before its end.",
      "FOLIO_DEBUG=1 shows stack traces; FOLIO_CACHE is the folder of downloaded files."
    },
    subcommands = {
      TrainCommand.class,
      EvaluateCommand.class,
      AdaptCommand.class,
      SampleCommand.class,
      GenerateCommand.class,
      PublishCommand.class,
      ExportCommand.class,
      CheckpointsCommand.class,
      CompareCommand.class,
      ReportCommand.class,
      TrainBenchmarkCommand.class,
      SweepCommand.class
    })
public final class Trainer implements Runnable {
  @Spec private CommandSpec spec;

  /** The version of the jar, or {@code development} outside of one. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Trainer.class.getPackage().getImplementationVersion();
      return new String[] {"folio " + (version == null ? "development" : version)};
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /**
   * Returns a command line that is ready to execute.
   *
   * @param args the arguments to execute; the preset among them sets the defaults of {@code train}
   */
  static CommandLine commandLine(String... args) {
    CommandLine commands = new CommandLine(new Trainer());
    commands.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    commands.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    commands.getSubcommands().get("train").setDefaultValueProvider(Presets.in(List.of(args)));
    commands.registerConverter(Path.class, UserPath::of);
    commands.setCaseInsensitiveEnumValuesAllowed(true);
    commands.setOverwrittenOptionsAllowed(true); // the last one counts
    commands.setExecutionExceptionHandler(Trainer::reportFailure);
    commands.setParameterExceptionHandler(Trainer::reportWrongUsage);
    return commands;
  }

  private static int reportFailure(
      Exception error, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (System.getenv("FOLIO_DEBUG") != null) {
      error.printStackTrace(err);
    }
    err.println("folio: " + Errors.describe(error));
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static int reportWrongUsage(ParameterException error, String[] args) {
    CommandLine command = error.getCommandLine();
    boolean unknownCommand =
        error instanceof UnmatchedArgumentException && command.getParent() == null;
    String message = unknownCommand ? args[0] + " is not a command" : describe(error);
    if (error instanceof UnmatchedArgumentException unmatched
        && command.getCommandName().equals("train")
        && !unmatched.getUnmatched().get(0).startsWith("-")) {
      message =
          unmatched.getUnmatched().get(0)
              + " belongs to no option; to train on several texts, repeat --corpus, or quote a"
              + " pattern: --corpus '*.txt'";
    }
    if (error instanceof UnmatchedArgumentException unmatched) {
      Optional<String> meant = NearMisses.of(unmatched);
      message += meant.map(name -> "; did you mean " + name + "?").orElse("");
    }
    command.getErr().println("folio: " + message);
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return CommandLine.ExitCode.USAGE;
  }

  /** Returns the message of an error, without the values after an unknown option. */
  private static String describe(ParameterException error) {
    if (error instanceof UnmatchedArgumentException unmatched
        && unmatched.getUnmatched().get(0).startsWith("-")) {
      return "there is no option " + unmatched.getUnmatched().get(0).replaceFirst("=.*", "");
    }
    return error.getMessage();
  }

  /** Executes a command and ends the process with its exit code. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    quietEngine();
    LocaleCharset.writeUtf8();
    Map<String, String> texts = LocaleCharset.environment();
    for (String argument : args) {
      texts.put("'" + argument + "'", argument);
    }
    Optional<String> unreadable = LocaleCharset.findUnreadable(texts);
    if (unreadable.isPresent()) {
      System.err.println("folio: " + unreadable.get());
      System.exit(CommandLine.ExitCode.USAGE);
    }
    try {
      System.exit(commandLine(args).execute(args));
    } catch (OutOfMemoryError e) {
      // picocli passes exceptions to its handler, but not errors.
      System.err.println("folio: " + Errors.describe(e));
      System.exit(CommandLine.ExitCode.SOFTWARE);
    }
  }

  /** Turns off the engine's log lines, DJL's usage reports and the need for a display. */
  private static void quietEngine() {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("java.awt.headless", "true");
  }
}
