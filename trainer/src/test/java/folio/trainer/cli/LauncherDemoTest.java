package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.trainer.cli.DemoService.AfterText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The demo, and how the launcher starts Java: with a script or a small program in its place. */
class LauncherDemoTest extends LauncherClone {
  /** The escape sequence OSC 8: an address and the text that links to it. */
  private static final String LINK =
      ESCAPE + "]8;;%s" + ESCAPE + "\\%s" + ESCAPE + "]8;;" + ESCAPE + "\\";

  private static final Pattern DRAWN = Pattern.compile("^  [+|]");

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
    assertThat(isAlive(process[0])).isFalse();
    assertThat(logs()).hasSize(1);
  }

  @Test
  void demoEndsWithTheServicesExitCode() throws Exception {
    service(AfterText.EXIT);
    Finished demo = run(demoCommand());

    assertThat(demo.err())
        .contains("folio: serving;", "folio: the service ended; the end of " + folder)
        .doesNotContain("unbound");
    assertThat(demo.exitCode()).isEqualTo(3);
    assertThat(logs()).hasSize(1);
  }

  @Test
  void drawsThePagesAddressOnATerminalBeforeTheText() throws Exception {
    service(AfterText.SERVE);
    List<String> command = demoCommand();
    RunningLauncher demo = startOnTerminal(command);
    demo.await("folio: serving; ");
    demo.type(CTRL_C);
    String shown = demo.finish().out();

    String address = address(command);
    String page = LINK.formatted(address + "/", address + "/");
    String api = LINK.formatted(address + "/q/swagger-ui/", address + "/q/swagger-ui/");
    assertThat(shown)
        .containsSubsequence(page, api, "Ctrl-C", DemoService.TEXT, "folio: serving; ");
    List<String> drawing =
        shown.lines().map(LauncherDemoTest::withoutLinks).filter(DRAWN.asPredicate()).toList();
    assertThat(drawing).hasSizeGreaterThan(5).allMatch(line -> line.length() == 62);
    assertThat(drawing).anyMatch(line -> line.contains(address + "/ "));
  }

  private static String withoutLinks(String line) {
    return line.replaceAll(ESCAPE + "]8;;[^" + ESCAPE + "]*" + ESCAPE + "\\\\", "");
  }

  @Test
  void namesThePagesAddressInALineWithoutATerminal() throws Exception {
    service(AfterText.EXIT);
    List<String> command = demoCommand();
    Finished demo = run(command);

    String address = address(command);
    assertThat(demo.out()).isEqualTo(DemoService.TEXT);
    assertThat(demo.err())
        .containsSubsequence(
            "folio: open " + address + "/ (the API: " + address + "/q/swagger-ui/)\n",
            "folio: serving; open " + address + "/; Ctrl-C stops it\n")
        .doesNotContain(ESCAPE, "+--");
  }

  private static String address(List<String> demoCommand) {
    String port =
        demoCommand.stream().filter(word -> word.startsWith("QUARKUS_HTTP_PORT=")).findAny().get();
    return "http://127.0.0.1:" + port.substring(port.indexOf('=') + 1);
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

  /** Runs the demo with a script in place of Java. */
  private Finished demo(String lines, String... settings) throws Exception {
    packageTheService();
    java(lines);
    List<String> all = new ArrayList<>(List.of("FOLIO_DEMO_TIMEOUT=3"));
    all.addAll(List.of(settings));
    return run(demoCommand(all.toArray(String[]::new)));
  }
}
