package folio.benchmark.subject;

import folio.benchmark.process.BenchmarkException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The paths of the programs in a built clone of the project.
 *
 * @param home the root of the clone
 */
public record Installation(Path home) {
  /** Returns the clone that the launcher names, or the working directory without a launcher. */
  public static Installation here() {
    return new Installation(Path.of(System.getProperty("folio.home", "")).toAbsolutePath());
  }

  /** Returns the path of the Java program that runs this process. */
  public static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /**
   * Returns the command that starts the packaged service.
   *
   * @throws BenchmarkException if the service is not built
   */
  public List<String> serveCommand() {
    Path jar = home.resolve("inference-service/target/quarkus-app/quarkus-run.jar");
    if (!Files.isRegularFile(jar)) {
      throw new BenchmarkException(jar + " does not exist; build it with mvn package");
    }
    return List.of(home.resolve("folio").toString(), "serve");
  }

  /** Returns the path of a Python baseline. */
  public Path baseline(String fileName) {
    return home.resolve("inference-service/benchmark/baselines").resolve(fileName);
  }
}
