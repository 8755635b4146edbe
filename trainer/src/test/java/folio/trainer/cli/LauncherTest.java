package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The commands of the launcher that build and test. */
class LauncherTest extends LauncherClone {
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
            "folio: formatting folio (1 of 3)",
            "folio: formatting shared-model (2 of 3)",
            "folio: formatting trainer (3 of 3)")
        .last()
        .asString()
        .matches("folio: formatting took \\d+ s");
    assertThat(called()).contains("spotless:apply");
  }

  /** The lines that Maven prints about downloads; version 3.8 has no {@code [INFO]} everywhere. */
  private static final String DOWNLOADS =
      """
      echo '[INFO] Downloading from central: https://repository/one.jar'
      echo '[INFO] Downloaded from central: https://repository/one.jar (12 MB at 1.5 MB/s)'
      echo 'Downloaded from central: https://repository/two.jar (900 kB at 1.5 MB/s)'
      echo '[INFO] Downloaded from central: https://repository/three.pom (800 B at 15 kB/s)'
      """;

  @Test
  void countsTheDownloads() throws Exception {
    maven(MODULES + DOWNLOADS);

    assertThat(folio("format").err())
        .containsPattern("\nfolio: formatting took \\d+ s, 3 downloads \\(13 MB\\)\n$");
  }

  @Test
  void updatesOneLineOnATerminal() throws Exception {
    String name = "a-library-with-a-long-name-".repeat(3) + "1.0.jar";
    maven(
        MODULES
            + "await() { until [ -e \"$0.$1\" ]; do sleep 0.05; done; }\n"
            + "await goal\n"
            + DOWNLOADS
            + "echo '[INFO] Downloading from central: https://repository/"
            + name
            + "'\n"
            + "await download\n");
    RunningLauncher format = startOnTerminal(List.of(clone.resolve("folio").toString(), "format"));

    format.await("s: compile");
    Files.createFile(folder.resolve("bin/mvn.goal"));
    format.await("(13 MB): a-library");
    Files.createFile(folder.resolve("bin/mvn.download"));
    Finished finished = format.finish();

    assertThat(finished.exitCode()).isZero();
    assertThat(finished.out()).containsOnlyOnce("\n").endsWith(" s, 3 downloads (13 MB)\r\n");
    assertThat(finished.out().split("\r"))
        .allMatch(line -> line.isBlank() || line.startsWith(ESCAPE + "[Kfolio: formatting"))
        .allMatch(line -> line.length() - (ESCAPE + "[K").length() < 80)
        .anyMatch(
            line -> line.matches(".*K.* trainer \\(3 of 3\\), \\d+ s, 3 downloads .*: a-libr.*"));
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
        .contains(
            "To repeat it: mvn -DskipTests -Dspotless.check.skip=true -Dcyclonedx.skip=true package\n")
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
  void showsThreeThingsToDoFirstAndNamesTheListOfCommands() throws Exception {
    Finished first = folio();

    assertThat(first.exitCode()).isZero();
    assertThat(first.err()).isEmpty();
    assertThat(first.out().lines()).hasSizeLessThan(24).allMatch(line -> line.length() <= 80);
    List<String> commands =
        first.out().lines().filter(line -> line.startsWith("    ")).map(String::strip).toList();
    assertThat(commands).hasSize(3);
    assertThat(commands.get(0)).isEqualTo("./folio demo");
    String[] train = commands.get(1).replace("./folio ", "").split(" ");
    assertThat(Trainer.commandLine(train).parseArgs(train).subcommand().commandSpec().name())
        .isEqualTo("train");
    assertThat(commands.get(2)).startsWith("curl ").contains("http://127.0.0.1:8080/generate");
    assertThat(first.out()).contains("./folio help lists all commands.");
    assertThat(folder.resolve("called")).doesNotExist();

    assertThat(folio("help").out().lines())
        .filteredOn(line -> line.matches("  [a-z-]+ {2,}.*"))
        .hasSizeGreaterThan(20);
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
