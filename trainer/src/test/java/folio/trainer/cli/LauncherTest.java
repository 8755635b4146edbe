package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher in a copy of the repository whose path has spaces, with a script in place of Maven.
 */
class LauncherTest {
  private static final String ESCAPE = "\u001b";

  /** Maven's log of a build that succeeds. */
  private static final String MODULES =
      """
      echo '[INFO] Scanning for projects...'
      echo '[INFO] Building Folio 0.1.0-SNAPSHOT                            [1/3]'
      echo '[WARNING] a warning that ends nothing'
      echo '[INFO] Building Folio shared model 0.1.0-SNAPSHOT               [2/3]'
      echo '[INFO] Building Folio trainer 0.1.0-SNAPSHOT                    [3/3]'
      """;

  @TempDir Path folder;
  private Path clone;

  /** A finished process. */
  private record Finished(int exitCode, String out, String err) {}

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
  private void maven(String lines) throws IOException {
    Path script = Files.createDirectories(folder.resolve("bin")).resolve("mvn");
    String record = "printf '%s\\n' \"$PWD\" \"$@\" >'" + folder.resolve("called") + "'\n";
    Files.writeString(script, "#!/usr/bin/env bash\n" + record + lines);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Returns the folder in which Maven was called, and its arguments. */
  private List<String> called() throws IOException {
    return Files.readAllLines(folder.resolve("called"));
  }

  private Finished folio(String... arguments) throws Exception {
    return run(clone.resolve("folio"), arguments);
  }

  private Finished run(Path program, String... arguments) throws Exception {
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

  @Test
  void worksThroughSymbolicLinks() throws Exception {
    Path links = Files.createDirectory(folder.resolve("some links"));
    Path absolute = Files.createSymbolicLink(links.resolve("absolute"), clone.resolve("folio"));
    Path relative =
        Files.createSymbolicLink(
            links.resolve("relative"), Path.of("..", "a clone with spaces", "folio"));
    Path chain = Files.createSymbolicLink(folder.resolve("chain"), Path.of("some links/relative"));
    Path throughFolder = Files.createSymbolicLink(folder.resolve("linked folder"), clone);

    for (Path link : List.of(absolute, relative, chain, throughFolder.resolve("folio"))) {
      Files.deleteIfExists(folder.resolve("called"));
      assertThat(run(link, "format").exitCode()).as(link.toString()).isZero();
      assertThat(called()).first().isEqualTo(clone.toRealPath().toString());
    }
    // The shell's working directory is the test's folder, so this is a relative path to a link.
    assertThat(run(Path.of("./chain"), "help").out()).contains("Usage: ./folio COMMAND");
  }

  @Test
  void showsEveryModuleOfABuildInALine() throws Exception {
    Finished format = folio("format");

    assertThat(format.exitCode()).isZero();
    assertThat(format.out()).isEmpty();
    assertThat(format.err().lines())
        .hasSize(4)
        .startsWith(
            "folio: formatting module 1 of 3 (Folio)",
            "folio: formatting module 2 of 3 (Folio shared model)",
            "folio: formatting module 3 of 3 (Folio trainer)")
        .last()
        .asString()
        .matches("folio: formatting took \\d+ s");
    assertThat(called()).contains("spotless:apply");
  }

  @Test
  void updatesOneLineOnATerminal() throws Exception {
    Path script = Path.of("/usr/bin/script"); // gives the program a terminal
    Assumptions.assumeTrue(Files.isExecutable(script), "there is no program script");

    String command = "'" + clone.resolve("folio") + "' format";
    Finished format = run(script, "-qec", command, "/dev/null");

    assertThat(format.exitCode()).isZero();
    assertThat(format.out())
        .containsPattern("\r" + ESCAPE + "\\[Kfolio: formatting module 3 of 3 \\(Folio trainer\\)")
        .containsPattern("3 \\(Folio trainer\\), \\d+ s")
        .doesNotContain("module 1 of 3 (Folio)\n");
  }

  @Test
  void countsTheTestsOfACheck() throws Exception {
    maven(
        MODULES
            + "echo '[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s'\n"
            + "echo '[INFO] Tests run: 7, Failures: 0, Errors: 0, Skipped: 0'\n"
            + "echo '[WARNING] Tests run: 5, Failures: 0, Errors: 0, Skipped: 2'\n");
    Finished check = folio("check");

    assertThat(check.exitCode()).isZero();
    assertThat(check.err()).contains(", 12 tests, 2 of them skipped\n");
    assertThat(called()).contains("-DexcludedGroups=slow", "test");
  }

  @Test
  void showsAllErrorsOfAFailedBuildAndTheCommand() throws Exception {
    maven(
        MODULES
            + """
            echo 'a line of a program that the build runs'
            echo '[WARNING] Report.java:[3,1] an unused import'
            echo '[ERROR] Report.java:[9,2] cannot find symbol'
            printf '  symbol: class Nonsense\\n  location: class Report\\n'
            echo '[INFO] BUILD FAILURE'
            printf '\\033[0m[ERROR] \\033[1mFailed to execute goal\\033[m\\n\\033[0m'
            exit 1
            """);
    Finished serve = folio("serve");

    assertThat(serve.exitCode()).isEqualTo(1);
    assertThat(serve.out()).isEmpty();
    assertThat(serve.err())
        .contains("[WARNING] Report.java:[3,1] an unused import\n")
        .contains("cannot find symbol\n  symbol: class Nonsense\n  location: class Report\n")
        .contains("[ERROR] Failed to execute goal\n")
        .contains("To repeat it: mvn -DskipTests package\n")
        .doesNotContain("[INFO]", "a line of a program", ESCAPE);
  }

  @Test
  void showsEverythingIfMavenDoesNotStart() throws Exception {
    maven("echo 'The JAVA_HOME environment variable is not defined correctly'; exit 127\n");
    Finished train = folio("train");

    assertThat(train.exitCode()).isEqualTo(127);
    assertThat(train.err()).contains("JAVA_HOME environment variable is not defined correctly\n");
  }

  @Test
  void rejectsAnUnknownCommandInOneLine() throws Exception {
    for (String unknown : List.of("transform", "trai", ".*", "Usage:")) {
      Finished finished = folio(unknown);
      assertThat(finished.exitCode()).isEqualTo(2);
      assertThat(finished.err())
          .isEqualTo("folio: " + unknown + " is not a command; ./folio help lists the commands\n");
    }
    assertThat(folder.resolve("called")).doesNotExist();
  }

  /** The service is replaced by a program that waits and never listens. */
  @Test
  void demoGivesUpOnAServiceThatIsNeverReady() throws Exception {
    Path started = folder.resolve("started");
    Finished demo = demo("echo $$ $@ >'" + started + "'\necho some log\nexec sleep 60\n");

    assertThat(demo.exitCode()).isEqualTo(1);
    assertThat(demo.err())
        .contains("the service was not ready after 3 s (FOLIO_DEMO_TIMEOUT)")
        .contains("some log");
    String[] process = Files.readString(started).split(" ");
    assertThat(process).contains("-XX:+ExitOnOutOfMemoryError");
    assertThat(ProcessHandle.of(Long.parseLong(process[0])).filter(ProcessHandle::isAlive))
        .isEmpty();
  }

  /** The service is replaced by a program that answers every request and ends after a text. */
  @Test
  void demoEndsWithTheServicesExitCode() throws Exception {
    Path source = folder.resolve("Service.java");
    Files.writeString(
        source,
        """
        import com.sun.net.httpserver.HttpServer;
        import java.net.InetSocketAddress;

        class Service {
          public static void main(String[] arguments) throws Exception {
            int port = Integer.parseInt(System.getenv("QUARKUS_HTTP_PORT"));
            HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
            server.createContext("/", exchange -> {
              exchange.sendResponseHeaders(200, -1);
              exchange.close();
              if (exchange.getRequestMethod().equals("POST")) {
                System.exit(3);
              }
            });
            server.start();
          }
        }
        """);
    Path realJava = Path.of(System.getProperty("java.home"), "bin", "java");
    Finished demo = demo("exec '" + realJava + "' '" + source + "'\n", "FOLIO_DEMO_TIMEOUT=60");

    assertThat(demo.err()).contains("folio: serving;").doesNotContain("unbound");
    assertThat(demo.exitCode()).isEqualTo(3);
  }

  /** Runs the demo with a script in place of Java. */
  private Finished demo(String lines, String... settings) throws Exception {
    Path jar = clone.resolve("inference-service/target/quarkus-app/quarkus-run.jar");
    if (Files.notExists(jar)) {
      Files.createFile(Files.createDirectories(jar.getParent()).resolve(jar.getFileName()));
    }
    Path java = folder.resolve("bin/java");
    Files.writeString(java, "#!/usr/bin/env bash\n" + lines);
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<String> command = new ArrayList<>(List.of("FOLIO_DEMO_TIMEOUT=3"));
    command.addAll(List.of(settings));
    try (ServerSocket free = new ServerSocket(0)) {
      command.add("QUARKUS_HTTP_PORT=" + free.getLocalPort());
    }
    command.add(clone.resolve("folio").toString());
    command.add("demo");
    return run(Path.of("/usr/bin/env"), command.toArray(String[]::new));
  }

  @Test
  void startsJavaInALocaleWhoseCharsetIsUtf8() throws Exception {
    assertThat(demo("echo charset \"$(locale charmap)\"; exit 1\n", "LC_ALL=POSIX").err())
        .contains("charset UTF-8");
  }

  @Test
  void usesTheLibtorchOfAPythonPackage() throws Exception {
    Path torch = Files.createDirectories(folder.resolve("site-packages/torch/lib")).getParent();
    Files.writeString(torch.resolve("version.py"), "__version__ = '2.7.1+cu126'\n");
    String setting = "FOLIO_TORCH=" + torch;
    String print = "echo \"torch $PYTORCH_LIBRARY_PATH cudart ${LD_LIBRARY_PATH%%:*}\"; exit 1\n";

    assertThat(demo(print, setting).err())
        .isEqualTo(
            "folio: FOLIO_TORCH is "
                + torch
                + " (PyTorch 2.7.1+cu126); it must be the folder torch of PyTorch 2.7.1 for CUDA\n");

    Files.createFile(torch.resolve("lib/libtorch_cuda.so"));
    Path cache = folder.resolve("cache");
    assertThat(demo(print, setting, "FOLIO_CACHE=" + cache).err())
        .contains("torch " + torch.resolve("lib") + " cudart " + cache.resolve("cuda") + "\n");
    assertThat(Files.readSymbolicLink(cache.resolve("cuda/libcudart.so")))
        .isEqualTo(folder.resolve("site-packages/nvidia/cuda_runtime/lib/libcudart.so.12"));
  }

  @Test
  void saysInOneLineThatTheServiceMayOpenTooFewFiles() throws Exception {
    for (String command : List.of("serve", "demo")) {
      Finished finished =
          run(
              Path.of("/usr/bin/env"),
              "bash",
              "-c",
              "ulimit -n 64; exec \"$0\" " + command,
              clone.resolve("folio").toString());

      assertThat(finished.exitCode()).isEqualTo(1);
      assertThat(finished.err())
          .isEqualTo(
              "folio: ulimit -n is 64; the service needs 160, and one more for each connection\n");
    }
  }

  @Test
  void runsOneTestClassInItsModule() throws Exception {
    String report = "trainer/target/surefire-reports/TEST-folio.trainer.ReportTest.xml";
    maven("mkdir -p trainer/target/surefire-reports; echo x >" + report + "\n");

    assertThat(folio("test", "ReportTest#draws", "-Dmaven.surefire.debug").exitCode()).isZero();
    assertThat(called())
        .containsSequence("-pl", "trainer", "-am", "-Dtest=ReportTest#draws", "-Dit.test=none")
        .contains("-Dmaven.surefire.debug")
        .endsWith("test");
    assertThat(folio("test", "Rep*Test").exitCode()).isZero();
    assertThat(called()).containsSequence("-pl", "trainer").contains("-Dtest=Rep*Test");
    assertThat(folio("test").exitCode()).isZero();
    assertThat(called()).endsWith("verify").doesNotContain("-pl");
  }

  @Test
  void runsATestOfThePackagedProgramWithFailsafe() throws Exception {
    String report = "trainer/target/failsafe-reports/TEST-folio.trainer.ReportIT.xml";
    maven("mkdir -p trainer/target/failsafe-reports; echo x >" + report + "\n");

    assertThat(folio("test", "folio.trainer.ReportIT").exitCode()).isZero();
    assertThat(called())
        .contains("-Dtest=none", "-Dit.test=folio.trainer.ReportIT")
        .endsWith("verify");
  }

  @Test
  void failsIfNoTestWasRun() throws Exception {
    Finished finished = folio("test", "ReportTest#doesNotExist");

    assertThat(finished.exitCode()).isEqualTo(1);
    assertThat(finished.err()).contains("folio: no test of ReportTest was run");
  }

  @Test
  void namesTestsWithASimilarName() throws Exception {
    Finished misspelt = folio("test", "RaportTest");
    assertThat(misspelt.exitCode()).isEqualTo(2);
    assertThat(misspelt.err())
        .isEqualTo("folio: there is no test class RaportTest; similar names: ReportTest\n");
    assertThat(folio("test", "report").err()).endsWith("similar names: ReportIT, ReportTest\n");
    assertThat(folio("test", "Nonsense").err())
        .isEqualTo("folio: there is no test class Nonsense\n");
    assertThat(folder.resolve("called")).doesNotExist();
  }
}
