package folio.trainer.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;

/** Runs commands in this process and keeps what the last one has printed. */
final class TrainerConsole implements AutoCloseable {
  private final PrintStream systemOut = System.out;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final StringWriter err = new StringWriter();

  TrainerConsole() {
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
  }

  /** Runs a command and returns its exit code. */
  int run(List<String> args) {
    printed.reset();
    err.getBuffer().setLength(0);
    String[] words = args.toArray(String[]::new);
    CommandLine commands = Trainer.commandLine(words);
    commands.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(words);
  }

  /** Returns what the last command has printed. */
  String output() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  /** Returns the errors and notes of the last command. */
  String errors() {
    return err.toString();
  }

  /** Gives standard output back. */
  @Override
  public void close() {
    System.setOut(systemOut);
  }
}
