package folio.inference.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the parts of a built clone are.
 *
 * @param home the clone
 */
record Installation(Path home) {
  /** The clone that the launcher names; without a launcher, the working directory. */
  static Installation here() {
    return new Installation(Path.of(System.getProperty("folio.home", "")).toAbsolutePath());
  }

  /** The Java that runs this process. */
  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /**
   * The packaged service.
   *
   * @throws BenchmarkException if it is not built
   */
  Path service() {
    Path jar = home.resolve("inference-service/target/quarkus-app/quarkus-run.jar");
    if (!Files.isRegularFile(jar)) {
      throw new BenchmarkException(jar + " is not there; build it with mvn package");
    }
    return jar;
  }

  /** A file of the folder of PyTorch peers. */
  Path peer(String name) {
    return home.resolve("inference-service/benchmark").resolve(name);
  }
}
