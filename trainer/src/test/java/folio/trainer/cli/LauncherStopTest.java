package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.trainer.cli.DemoService.AfterText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests that the launcher leaves no process and no file behind when Ctrl-C or SIGTERM ends it. */
class LauncherStopTest extends LauncherClone {
  /** A message that takes the place of the terminal's last line. */
  private static final String REPLACED = "\r" + ESCAPE + "[Kfolio: ";

  @Test
  void ctrlCEndsABuild() throws Exception {
    Path jar = beginABuild();
    RunningLauncher demo = startOnTerminal(demoCommand());
    demo.await("trainer (3 of 3)");
    demo.type(CTRL_C);
    Finished stopped = demo.finish();

    assertThat(stopped.exitCode()).isEqualTo(130);
    assertThat(lastLine(stopped)).matches("folio: building stopped after \\d+ s");
    assertThat(stopped.out()).contains(REPLACED + "building stopped");
    assertNothingIsLeft();
    assertThat(jar).doesNotExist();
  }

  @Test
  void sigtermEndsABuild() throws Exception {
    Path jar = beginABuild();
    RunningLauncher serve = start(List.of(clone.resolve("folio").toString(), "serve"));
    serve.await("trainer (3 of 3)");
    serve.terminate();
    Finished stopped = serve.finish();

    assertThat(stopped.exitCode()).isEqualTo(143);
    assertThat(lastLine(stopped)).matches("folio: building stopped after \\d+ s");
    assertThat(stopped.out()).doesNotContain(ESCAPE);
    assertNothingIsLeft();
    assertThat(jar).doesNotExist();
  }

  @Test
  void ctrlCEndsACommandThatUsesMavenItself() throws Exception {
    beginABuild();
    RunningLauncher format = startOnTerminal(List.of(clone.resolve("folio").toString(), "format"));
    format.await("trainer (3 of 3)");
    format.type(CTRL_C);
    Finished stopped = format.finish();

    assertThat(stopped.exitCode()).isEqualTo(130);
    assertThat(lastLine(stopped)).matches("folio: formatting stopped after \\d+ s");
    assertNothingIsLeft();
  }

  @Test
  void ctrlCEndsAServiceThatIsNotReady() throws Exception {
    packageTheService();
    java(recordProcess() + "exec sleep 60\n");
    assertStopsOnCtrlC("folio: starting");
  }

  @Test
  void sigtermEndsAServiceThatIsNotReady() throws Exception {
    packageTheService();
    java(recordProcess() + "exec sleep 60\n");
    assertStopsOnSigterm("folio: starting");
  }

  /** A signal that comes between the fork and the exec of a process is lost. */
  @Test
  void sigtermEndsAServiceThatLosesTheFirstSignal() throws Exception {
    packageTheService();
    java("trap 'trap - TERM' TERM\n" + recordProcess() + "while :; do sleep 0.1; done\n");
    RunningLauncher demo = start(demoCommand());
    awaitTheProcess();
    demo.terminate();
    assertStopped(demo.finish());
  }

  @Test
  void sigtermEndsABuildThatLosesTheFirstSignal() throws Exception {
    maven("trap 'trap - TERM' TERM\n" + recordProcess() + "while :; do sleep 0.1; done\n");
    RunningLauncher serve = start(List.of(clone.resolve("folio").toString(), "serve"));
    awaitTheProcess();
    serve.terminate();
    Finished stopped = serve.finish();

    assertThat(stopped.exitCode()).isEqualTo(143);
    assertNothingIsLeft();
  }

  private void awaitTheProcess() {
    while (!Files.exists(folder.resolve("started"))) {
      Thread.onSpinWait();
    }
  }

  @Test
  void ctrlCEndsAText() throws Exception {
    service(AfterText.STREAM);
    String shown = assertStopsOnCtrlC(DemoService.TEXT);
    assertThat(shown).containsPattern("a text(\\^C)?\r\n");
  }

  @Test
  void sigtermEndsAText() throws Exception {
    service(AfterText.STREAM);
    assertStopsOnSigterm(DemoService.TEXT);
  }

  @Test
  void ctrlCEndsAServiceThatServes() throws Exception {
    service(AfterText.SERVE);
    assertStopsOnCtrlC("folio: serving; ");
  }

  @Test
  void sigtermEndsAServiceThatServes() throws Exception {
    service(AfterText.SERVE);
    assertStopsOnSigterm("folio: serving; ");
  }

  @Test
  void sigtermEndsAServiceWhoseMessagesHaveNoReader() throws Exception {
    service(AfterText.SERVE);
    RunningLauncher demo = start(demoCommand());
    demo.await("folio: serving; ");
    demo.terminateWithoutReader();
    assertNothingIsLeft();
  }

  @Test
  void sigtermEndsABuildWhoseMessagesHaveNoReader() throws Exception {
    beginABuild();
    RunningLauncher serve = start(List.of(clone.resolve("folio").toString(), "serve"));
    serve.await("trainer (3 of 3)");
    serve.terminateWithoutReader();
    assertNothingIsLeft();
  }

  @Test
  @Timeout(60)
  void aSecondCtrlCKillsAServiceThatStillFinishesRequests() throws Exception {
    packageTheService();
    java("trap '' TERM\n" + recordProcess() + "exec sleep 60\n");
    RunningLauncher demo = startOnTerminal(demoCommand());
    demo.await("folio: starting");
    awaitTheProcess();
    demo.type(CTRL_C);
    demo.await("folio: stopping; running requests may finish; Ctrl-C again ends them");
    demo.type(CTRL_C);

    Finished stopped = demo.finish();
    assertThat(stopped.exitCode()).isZero();
    assertThat(lastLine(stopped)).isEqualTo("folio: stopped");
    assertNothingIsLeft();
  }

  private String assertStopsOnCtrlC(String state) throws Exception {
    RunningLauncher demo = startOnTerminal(demoCommand());
    demo.await(state);
    demo.type(CTRL_C);
    Finished stopped = demo.finish();
    assertStopped(stopped);
    assertThat(stopped.out()).contains(REPLACED + "stopping; ");
    return stopped.out();
  }

  private void assertStopsOnSigterm(String state) throws Exception {
    RunningLauncher demo = start(demoCommand());
    demo.await(state);
    demo.terminate();
    Finished stopped = demo.finish();
    assertStopped(stopped);
    assertThat(stopped.out()).doesNotContain(ESCAPE);
  }

  private void assertStopped(Finished stopped) throws Exception {
    assertThat(stopped.exitCode()).isZero();
    assertThat(lastLine(stopped)).isEqualTo("folio: stopped");
    assertThat(stopped.out()).doesNotContain("Exception", "Terminated", "Killed", "line ");
    assertNothingIsLeft();
  }

  /** Puts a build in place of Maven that has written an incomplete jar; returns the jar. */
  private Path beginABuild() throws Exception {
    maven(
        recordProcess()
            + "mkdir -p trainer/target; echo half >trainer/target/folio-trainer.jar\n"
            + MODULES
            + "exec sleep 60\n");
    return clone.resolve("trainer/target/folio-trainer.jar");
  }

  private void assertNothingIsLeft() throws Exception {
    Path started = folder.resolve("started");
    String process = Files.exists(started) ? Files.readString(started) : "";
    assertThat(!process.isEmpty() && isAlive(process)).isFalse();
    assertThat(logs()).isEmpty();
  }

  private static String lastLine(Finished finished) {
    List<String> lines = finished.out().lines().toList();
    return lines.get(lines.size() - 1).replace(ESCAPE + "[K", "");
  }
}
