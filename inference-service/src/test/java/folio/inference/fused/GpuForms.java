package folio.inference.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;

/** Loads networks for tests on a GPU, with the form of the kernel that a test wants. */
final class GpuForms {
  /** Streams enough for a model to keep its pipeline, which is tried with up to 256 streams. */
  private static final int ENOUGH = 256;

  private GpuForms() {}

  /**
   * Loads a network.
   *
   * @param pipeline true if the pipeline decodes any number of streams, false if it decodes none.
   *     The test is skipped if the network has none here.
   */
  static FusedDecoders load(
      NDManager manager, CharGru network, int characters, int streams, boolean pipeline) {
    int slots = pipeline ? Math.max(streams, ENOUGH) : streams;
    FusedDecoders decoders =
        (FusedDecoders) FusedDecoders.load(manager, network, characters, slots).orElseThrow();
    boolean has = decoders.model().pipelineLayout().isPresent();
    if (pipeline && !has) {
      decoders.close();
    }
    assumeTrue(has || !pipeline, "the network has no pipeline on this GPU");
    decoders.model().decodeByPipelineFrom(pipeline ? 1 : Integer.MAX_VALUE);
    assertThat(decoders.slots()).isGreaterThanOrEqualTo(streams);
    return decoders;
  }
}
