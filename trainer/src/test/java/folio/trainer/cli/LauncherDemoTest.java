package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The demo, and how the launcher starts Java: with a script or a small program in its place. */
class LauncherDemoTest extends LauncherClone {
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
}
