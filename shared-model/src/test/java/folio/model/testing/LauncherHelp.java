package folio.model.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The output of {@code ./folio help}. */
public final class LauncherHelp {
  private LauncherHelp() {}

  /** Returns the commands that it lists, each at the start of a line after two spaces. */
  public static List<String> commands() throws IOException {
    Process launcher = new ProcessBuilder(Pages.ROOT.resolve("folio").toString(), "help").start();
    String help = new String(launcher.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return help.lines()
        .filter(line -> line.startsWith("  "))
        .map(line -> line.strip().replaceFirst(" .*", ""))
        .toList();
  }
}
