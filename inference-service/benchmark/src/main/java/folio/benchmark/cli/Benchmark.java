package folio.benchmark.cli;

import folio.model.storage.LocaleCharset;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The program behind {@code ./folio benchmark}, {@code ./folio soak} and {@code ./folio
 * reproducibility}.
 */
@Command(
    name = "./folio",
    mixinStandardHelpOptions = true,
    description = "Measures the packaged service and tests it under load.",
    footer = {"", "Exit codes: 0 success, 1 failure, 2 invalid option."},
    subcommands = {
      BenchmarkCommand.class,
      ReproducibilityCommand.class,
      SoakCommand.class,
      EngineCommand.class
    })
public final class Benchmark implements Runnable {
  /** The first version of Java that warns when Netty accesses memory by sun.misc.Unsafe. */
  private static final int JAVA_THAT_WARNS = 24;

  /** The field prevents garbage collection: the log manager drops loggers without a reference. */
  private static Logger libraries;

  @Spec private CommandSpec spec;

  /** Creates the root command; picocli calls it. */
  Benchmark() {}

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  private static int report(Exception error, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (System.getenv("FOLIO_DEBUG") != null) {
      error.printStackTrace(err);
    }
    boolean ours = error.getClass().getName().startsWith("folio.");
    err.println(
        "folio: " + (ours ? error.getMessage() : "this is a bug, please report it: " + error));
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static int report(ParameterException error, String[] args) {
    CommandLine command = error.getCommandLine();
    command.getErr().println("folio: " + error.getMessage());
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return CommandLine.ExitCode.USAGE;
  }

  /**
   * Disables the libraries' log lines and DJL's usage reports. The JBoss log manager is on the
   * class path and must be selected before the first logger is created.
   */
  private static void quietLibraries() {
    if (Runtime.version().feature() >= JAVA_THAT_WARNS) {
      System.setProperty("io.netty.noUnsafe", "true");
    }
    System.setProperty("java.util.logging.manager", "org.jboss.logmanager.LogManager");
    libraries = Logger.getLogger("ai.djl");
    libraries.setLevel(Level.WARNING);
    System.setProperty("OPT_OUT_TRACKING", "true");
  }

  /** Returns a command line that is ready to execute. */
  static CommandLine commandLine() {
    CommandLine commands = new CommandLine(new Benchmark());
    commands.setCaseInsensitiveEnumValuesAllowed(true);
    commands.setOverwrittenOptionsAllowed(true); // the last value of a repeated option counts
    commands.setExecutionExceptionHandler(Benchmark::report);
    commands.setParameterExceptionHandler(Benchmark::report);
    return commands;
  }

  /** Runs a command and exits with its code. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    quietLibraries();
    LocaleCharset.writeUtf8();
    System.exit(commandLine().execute(args));
  }
}
