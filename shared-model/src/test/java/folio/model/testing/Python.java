package folio.model.testing;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** The Python that FOLIO_PYTHON names; {@code .ci/run} installs one with the tests' packages. */
public final class Python {
  private static final String PROGRAM = System.getenv().getOrDefault("FOLIO_PYTHON", "python3");

  private Python() {}

  /**
   * A program that has ended.
   *
   * @param output standard output and errors
   */
  public record Result(int exitCode, String output) {}

  /** Skips the test if Python or one of the modules is missing. */
  public static void assumeModules(String... modules) throws InterruptedException {
    boolean available;
    try {
      available = run("-c", "import " + String.join(", ", modules)).exitCode() == 0;
    } catch (IOException e) {
      available = false;
    }
    Assumptions.assumeTrue(
        available,
        PROGRAM + " lacks " + String.join(" or ", modules) + "; set FOLIO_PYTHON to one with them");
  }

  /** Runs Python with the given arguments, of which the first is the script. */
  public static Result run(Object... arguments) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command(arguments)).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }

  /** Returns Python and the given arguments, of which the first is the script. */
  public static List<String> command(Object... arguments) {
    List<String> command = new ArrayList<>(List.of(PROGRAM));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }

  /** Returns the path of a script on the class path of a test. */
  public static Path script(Class<?> test, String name) {
    try {
      return Path.of(test.getResource(name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
