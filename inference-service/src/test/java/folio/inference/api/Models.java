package folio.inference.api;

import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGruConfig;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import io.restassured.RestAssured;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The models of the service under test. Test classes share one service, so a test that depends on
 * the current model sets it.
 */
public final class Models {
  /** A vocabulary of the printable characters of ASCII and the line break. */
  private static final Vocabulary ASCII =
      Vocabulary.of(
          IntStream.rangeClosed(' ', '~')
              .mapToObj(Character::toString)
              .collect(Collectors.joining("", "\n", "")));

  private Models() {}

  /** Makes a small random network over ASCII current and returns its version. */
  public static String serveSmall(Path checkpoints, long seed) {
    return serve(checkpoints, TestCheckpoints.small(ASCII), seed);
  }

  /** Makes a small random network over a vocabulary current and returns its version. */
  public static String serveSmall(Path checkpoints, Vocabulary vocabulary, long seed) {
    return serve(checkpoints, vocabulary, TestCheckpoints.small(vocabulary), seed, null);
  }

  /** Makes a small random network of documents current and returns its version. */
  public static String serveDocuments(
      Path checkpoints, Vocabulary vocabulary, String separator, long seed) {
    return serve(checkpoints, vocabulary, TestCheckpoints.small(vocabulary), seed, separator);
  }

  /** Makes a network current that is slow enough for a test to see it stream. */
  public static String serveSlow(Path checkpoints, long seed) {
    return serve(checkpoints, CharGruConfig.residual(ASCII.size(), 64, 256, 4), seed);
  }

  /** Makes a network current that generates for seconds, so that a browser can press a button. */
  static String serveVerySlow(Path checkpoints, long seed) {
    return serve(checkpoints, CharGruConfig.residual(ASCII.size(), 64, 512, 8), seed);
  }

  /** Makes a small random network current that says how well it knows a text. */
  static String serveMeasured(Path checkpoints, long seed, double nats, long step) {
    Service.awaitReady(RestAssured.port);
    CheckpointStore store = new CheckpointStore(checkpoints);
    String version = TestCheckpoints.publishMeasured(store, ASCII, seed, nats, step);
    return promote(store, version);
  }

  private static String serve(Path checkpoints, CharGruConfig network, long seed) {
    return serve(checkpoints, ASCII, network, seed, null);
  }

  private static String serve(
      Path checkpoints,
      Vocabulary vocabulary,
      CharGruConfig network,
      long seed,
      String documentSeparator) {
    Service.awaitReady(RestAssured.port);
    CheckpointStore store = new CheckpointStore(checkpoints);
    String version = TestCheckpoints.publish(store, vocabulary, network, seed, documentSeparator);
    return promote(store, version);
  }

  private static String promote(CheckpointStore store, String version) {
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
    Service service = new Service(RestAssured.port);
    Service.await(version, () -> service.get("/models/current").body().contains(version));
    return version;
  }
}
