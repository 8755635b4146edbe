package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A copy of the repository whose path has spaces, with the launcher and a script in place of Maven.
 */
abstract class LauncherClone {
  /** Maven's log of a build that succeeds. */
  static final String MODULES =
      """
      echo '[INFO] Scanning for projects...'
      echo '[INFO] Building Folio 0.1.0-SNAPSHOT                            [1/3]'
      echo '[WARNING] a warning that ends nothing'
      echo '[INFO] Building Folio shared model 0.1.0-SNAPSHOT               [2/3]'
      echo '[INFO] Building Folio trainer 0.1.0-SNAPSHOT                    [3/3]'
      """;

  @TempDir Path folder;
  Path clone;

  /** A finished process. */
  record Finished(int exitCode, String out, String err) {}

  @BeforeEach
  void copyTheLauncher() throws IOException {
    clone = folder.resolve("a clone with spaces");
    Files.createDirectories(clone.resolve(".ci"));
    for (String file : List.of("folio", ".ci/maven", ".ci/check", ".ci/test")) {
      Files.copy(Path.of("..").resolve(file), clone.resolve(file));
    }
    Path tests = Files.createDirectories(clone.resolve("trainer/src/test/java/folio/trainer"));
    for (String name : List.of("ReportTest", "ReportIT", "CorpusTest", "SweepTest")) {
      Files.createFile(tests.resolve(name + ".java"));
    }
    maven(MODULES);
  }

  /** Writes the script that runs in place of Maven; its folder and arguments go to a file. */
  void maven(String lines) throws IOException {
    Path script = Files.createDirectories(folder.resolve("bin")).resolve("mvn");
    String record = "printf '%s\\n' \"$PWD\" \"$@\" >'" + folder.resolve("called") + "'\n";
    Files.writeString(script, "#!/usr/bin/env bash\n" + record + lines);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Returns the folder in which Maven was called, and its arguments. */
  List<String> called() throws IOException {
    return Files.readAllLines(folder.resolve("called"));
  }

  Finished folio(String... arguments) throws Exception {
    return run(clone.resolve("folio"), arguments);
  }

  Finished run(Path program, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(folder, "out", ".txt");
    Path err = Files.createTempFile(folder, "err", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(folder.toFile());
    builder.environment().merge("PATH", folder.resolve("bin") + ":", (path, bin) -> bin + path);
    builder.environment().put("TMPDIR", folder.toString());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Finished(process.exitValue(), Files.readString(out), Files.readString(err));
  }
}
