package folio.trainer.cli;

import folio.trainer.run.Errors;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The root of the command line. */
@Command(
    name = "folio-trainer",
    mixinStandardHelpOptions = true,
    versionProvider = Trainer.Version.class,
    description = "Trains character-level GRU networks and keeps their checkpoints.",
    footer = {
      "",
      "Exit codes: 0 done, 1 it did not work, 2 an option is wrong.",
      "FOLIO_DEBUG=1 shows stack traces; FOLIO_CACHE is where downloads are kept."
    },
    subcommands = {
      TrainCommand.class,
      EvaluateCommand.class,
      SampleCommand.class,
      PublishCommand.class,
      CheckpointsCommand.class,
      ReportCommand.class,
      TrainBenchmarkCommand.class,
      SweepCommand.class
    })
public final class Trainer implements Runnable {
  @Spec private CommandSpec spec;

  /** The release, from the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Trainer.class.getPackage().getImplementationVersion();
      return new String[] {"folio-trainer " + (version == null ? "development" : version)};
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /**
   * The command line, ready to execute.
   *
   * @param args what will be executed: the preset among them decides the defaults of {@code train}
   */
  static CommandLine commandLine(String... args) {
    CommandLine commands = new CommandLine(new Trainer());
    commands.getSubcommands().get("train").setDefaultValueProvider(Presets.in(List.of(args)));
    commands.setCaseInsensitiveEnumValuesAllowed(true);
    commands.setOverwrittenOptionsAllowed(true); // the last one counts
    commands.setExecutionExceptionHandler(Trainer::report);
    commands.setParameterExceptionHandler(Trainer::report);
    return commands;
  }

  private static int report(Exception error, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (System.getenv("FOLIO_DEBUG") != null) {
      error.printStackTrace(err);
    }
    boolean ours = error.getClass().getName().startsWith("folio.");
    err.println("folio: " + (ours ? error.getMessage() : Errors.describe(error)));
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static int report(ParameterException error, String[] args) {
    CommandLine command = error.getCommandLine();
    command.getErr().println("folio: " + error.getMessage());
    String name = command.getCommandSpec().qualifiedName();
    command.getErr().println("Try '" + name + " --help'.");
    return CommandLine.ExitCode.USAGE;
  }

  /** Runs a command and exits with its code. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    quietEngine();
    try {
      System.exit(commandLine(args).execute(args));
    } catch (OutOfMemoryError e) {
      // picocli hands exceptions to a handler, not errors.
      System.err.println("folio: " + Errors.describe(e));
      System.exit(CommandLine.ExitCode.SOFTWARE);
    }
  }

  /**
   * The engine's log lines are for those who look after it; DJL reports usage unless told not to.
   */
  private static void quietEngine() {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("java.awt.headless", "true"); // pictures are written, not shown
  }
}
