package folio.inference.kubernetes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** The programs that check manifests; {@code .ci/run} installs them. */
final class Tools {
  /** The folder of the manifests. */
  static final Path K8S = Path.of("..", "k8s").toAbsolutePath().normalize();

  private Tools() {}

  /**
   * The result of a program.
   *
   * @param output standard output
   * @param allOutput standard output, then standard error
   */
  record Result(int exit, String output, String allOutput) {}

  /** Runs a program and waits for its end. */
  static Result run(List<String> command) throws IOException {
    Path errors = Files.createTempFile("folio", ".txt");
    try {
      Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int exit = process.waitFor();
      return new Result(exit, output, output + Files.readString(errors));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      Files.delete(errors);
    }
  }

  /** Returns the first command that works; if none does, prints a reason and skips the test. */
  static List<String> find(String name, List<List<String>> candidates) {
    Optional<List<String>> found = candidates.stream().filter(Tools::works).findFirst();
    String reason = name + " is not installed";
    Assumptions.assumeTrue(found.isPresent(), reason);
    return found.get();
  }

  private static boolean works(List<String> command) {
    List<String> help = new ArrayList<>(command);
    help.add("--help");
    try {
      return run(help).exit() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the rendered YAML of an overlay. */
  static String render(String folder) {
    List<String> command =
        new ArrayList<>(
            find(
                "kustomize or kubectl",
                List.of(
                    List.of(System.getenv().getOrDefault("FOLIO_KUSTOMIZE", "kustomize"), "build"),
                    List.of("kubectl", "kustomize"))));
    command.add(K8S.resolve(folder).toString());
    try {
      Result result = run(command);
      if (result.exit() != 0) {
        throw new AssertionError(result.allOutput());
      }
      return result.output();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the command of promtool; skips the test if it is not installed. */
  static List<String> promtool() {
    return find("promtool", List.of(List.of("promtool")));
  }
}
