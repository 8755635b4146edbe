package folio.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

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
   * What starts the packaged service, as everybody starts it.
   *
   * @throws BenchmarkException if it is not built
   */
  List<String> serve() {
    Path jar = home.resolve("inference-service/target/quarkus-app/quarkus-run.jar");
    if (!Files.isRegularFile(jar)) {
      throw new BenchmarkException(jar + " is not there; build it with mvn package");
    }
    return List.of(home.resolve("folio").toString(), "serve");
  }

  /** A file of the folder of PyTorch peers. */
  Path peer(String name) {
    return home.resolve("inference-service/benchmark/baselines").resolve(name);
  }
}
