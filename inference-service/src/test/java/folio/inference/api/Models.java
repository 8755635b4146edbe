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
 * Models for the service under test. Test classes share it, so one that cares who serves says so.
 */
public final class Models {
  /** Every printable character of ASCII. */
  private static final Vocabulary ASCII =
      Vocabulary.of(
          IntStream.rangeClosed(' ', '~')
              .mapToObj(Character::toString)
              .collect(Collectors.joining("", "\n", "")));

  private Models() {}

  /** Has a small random network over ASCII serve; returns its version. */
  public static String serveSmall(Path checkpoints, long seed) {
    return serve(checkpoints, TestCheckpoints.small(ASCII), seed);
  }

  /** The same for one that is slow enough to be caught streaming. */
  public static String serveSlow(Path checkpoints, long seed) {
    return serve(checkpoints, CharGruConfig.residual(ASCII.size(), 64, 256, 4), seed);
  }

  /** The same for one that writes for seconds: long enough for a browser to press a button. */
  static String serveVerySlow(Path checkpoints, long seed) {
    return serve(checkpoints, CharGruConfig.residual(ASCII.size(), 64, 512, 8), seed);
  }

  private static String serve(Path checkpoints, CharGruConfig network, long seed) {
    Service.awaitReady(RestAssured.port);
    CheckpointStore store = new CheckpointStore(checkpoints);
    String version = TestCheckpoints.publish(store, ASCII, network, seed);
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
    Service service = new Service(RestAssured.port);
    Service.await(version, () -> service.get("/models/current").body().contains(version));
    return version;
  }
}
