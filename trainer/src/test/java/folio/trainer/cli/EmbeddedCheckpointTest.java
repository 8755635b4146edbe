package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.network.CharGru;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusRequest;
import folio.trainer.corpus.CorpusSource;
import folio.trainer.corpus.Division;
import folio.trainer.corpus.ReadProgress;
import folio.trainer.evaluation.Evaluator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checkpoint embedded in a release. */
@Tag("slow")
class EmbeddedCheckpointTest {
  @TempDir Path cache;

  /** The canary is a short text with its loss, so that this needs no corpus. */
  @Test
  void passesItsCanary() {
    Checkpoint embedded = Checkpoint.embedded();
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        CharGru network = embedded.load(manager)) {
      assertThatCode(
              () -> embedded.manifest().canary().check(manager, network, embedded.vocabulary()))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void hasTheLossesOfItsManifestDespiteItsFloat16Weights() {
    Path file = Path.of(System.getProperty("test.corpus", "none"));
    String reason = "no tiny-shakespeare at " + file;
    Assumptions.assumeTrue(Files.exists(file), reason);
    Checkpoint embedded = Checkpoint.embedded();
    Corpus corpus =
        new CorpusSource(cache, false, note -> {}, ReadProgress.NONE)
            .open(CorpusRequest.of(file.toString()));
    assertThat(corpus.description().sha256()).isEqualTo(embedded.manifest().corpus().sha256());
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        CharGru network = embedded.load(manager)) {
      Map<String, Double> losses =
          new Evaluator(manager, corpus.split(embedded.vocabulary(), Division.DEFAULT).validation())
              .evaluate(network);

      embedded
          .manifest()
          .losses()
          .validation()
          .forEach(
              (protocol, loss) ->
                  assertThat(losses.get(protocol)).as(protocol).isCloseTo(loss, within(1e-3)));
      assertThat(losses.get(Evaluator.WINDOWS)).isLessThan(1.36);
    }
  }
}
