package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.testing.Python;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
      echo '[INFO] --------------------< folio:folio >---------------------'
      echo '[INFO] Building Folio 0.1.0-SNAPSHOT                            [1/3]'
      echo '[WARNING] a warning that ends nothing'
      echo '[INFO] -----------------< folio:shared-model >-----------------'
      echo '[INFO] Building Folio shared model 0.1.0-SNAPSHOT               [2/3]'
      echo '[INFO] -------------------< folio:trainer >--------------------'
      echo '[INFO] Building Folio trainer 0.1.0-SNAPSHOT                    [3/3]'
      echo '[INFO] --- maven-compiler-plugin:3.14.1:compile (default-compile) @ trainer ---'
      """;

  static final String ESCAPE = "\u001b";
  static final String CTRL_C = "\u0003";

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
    program("mvn", "printf '%s\\n' \"$PWD\" \"$@\" >'" + folder.resolve("called") + "'\n" + lines);
  }

  /** Writes the script that runs in place of Java. */
  void java(String lines) throws IOException {
    program("java", lines);
  }

  private void program(String name, String lines) throws IOException {
    Path script = Files.createDirectories(folder.resolve("bin")).resolve(name);
    Files.writeString(script, "#!/usr/bin/env bash\n" + lines);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Puts {@link DemoService} in place of the service; its process id goes to a file. */
  void service(DemoService.AfterText afterText) throws Exception {
    URI classes = DemoService.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    java(
        "%sexec '%s' -XX:TieredStopAtLevel=1 -cp '%s' %s %s\n"
            .formatted(
                recordProcess(),
                Path.of(System.getProperty("java.home"), "bin", "java"),
                Path.of(classes),
                DemoService.class.getName(),
                afterText));
    packageTheService();
  }

  /** Returns a line of a script that writes its process id to the file {@code started}. */
  String recordProcess() {
    return "echo $$ >'" + folder.resolve("started") + "'\n";
  }

  /** Returns the temporary files of the launcher. */
  List<Path> logs() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.getFileName().toString().startsWith("folio-")).toList();
    }
  }

  static boolean isAlive(String pid) {
    return ProcessHandle.of(Long.parseLong(pid.strip())).filter(ProcessHandle::isAlive).isPresent();
  }

  /** Makes the launcher believe that the service is built. */
  void packageTheService() throws IOException {
    Path jar = clone.resolve("inference-service/target/quarkus-app/quarkus-run.jar");
    Files.createDirectories(jar.getParent());
    Files.writeString(jar, "");
  }

  /** Returns a command that runs the demo on a free port. */
  List<String> demoCommand(String... settings) throws IOException {
    List<String> command = new ArrayList<>(List.of("/usr/bin/env"));
    command.addAll(List.of(settings));
    try (ServerSocket free = new ServerSocket(0)) {
      command.add("QUARKUS_HTTP_PORT=" + free.getLocalPort());
    }
    command.addAll(List.of(clone.resolve("folio").toString(), "demo"));
    return command;
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
    return run(command);
  }

  Finished run(List<String> command) throws Exception {
    Path out = Files.createTempFile(folder, "out", ".txt");
    Path err = Files.createTempFile(folder, "err", ".txt");
    Process process =
        builder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Finished(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  /** Starts a command whose standard error is no terminal. */
  RunningLauncher start(List<String> command) throws IOException {
    return new RunningLauncher(builder(command).redirectErrorStream(true).start());
  }

  /** Starts a command on a terminal of 80 columns; skips the test without Python. */
  RunningLauncher startOnTerminal(List<String> command) throws Exception {
    Python.assumeModules("pty");
    List<String> python = Python.command(Python.script(LauncherClone.class, "terminal.py"));
    python.addAll(command);
    return start(python);
  }

  private ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(folder.toFile());
    builder.environment().merge("PATH", folder.resolve("bin") + ":", (path, bin) -> bin + path);
    builder.environment().put("TMPDIR", folder.toString());
    builder.environment().put("TERM", "xterm");
    return builder;
  }
}
