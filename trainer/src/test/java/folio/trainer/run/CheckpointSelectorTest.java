package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.testing.TestCheckpoints;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.EncodedText;
import folio.trainer.evaluation.Evaluator;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CheckpointSelectorTest {
  private static final EncodedText TEXT = EncodedText.of(new int[600]);
  private static final EncodedText NOTHING = EncodedText.of();

  private final NDManager manager = NDManager.newBaseManager();
  private final CharGru network =
      CharGru.initialize(
          manager, TestCheckpoints.small(TestCheckpoints.LETTERS), new SplittableRandom(1));

  @AfterEach
  void close() {
    manager.close();
  }

  private CheckpointSelector.Decision select(
      EncodedText heldOut, PublishPolicy policy, double bestLoss, boolean last) {
    return new CheckpointSelector(
            manager, new Corpus.Split(TEXT, heldOut, TEXT, NOTHING), policy, 64)
        .select(network, bestLoss, last);
  }

  @Test
  void publishesOnlyAnImprovementEvenAtTheEnd() {
    assertThat(select(NOTHING, PublishPolicy.IMPROVEMENTS, 0, true).publish()).isFalse();
    assertThat(
            select(NOTHING, PublishPolicy.IMPROVEMENTS, Double.POSITIVE_INFINITY, false).publish())
        .isTrue();
  }

  @Test
  void publishesTheLastNetworkWhateverItsLoss() {
    assertThat(select(NOTHING, PublishPolicy.LAST, 0, true).publish()).isTrue();
    assertThat(select(NOTHING, PublishPolicy.LAST, Double.POSITIVE_INFINITY, false).publish())
        .isFalse();
  }

  @Test
  void readsTheValidationTextOnlyForPublishedNetworksIfAPartIsHeldOut() {
    CheckpointSelector.Decision rejected = select(TEXT, PublishPolicy.IMPROVEMENTS, 0, false);
    assertThat(rejected.losses().keySet())
        .isNotEmpty()
        .allMatch(name -> name.startsWith("held-out-"));

    CheckpointSelector.Decision published =
        select(TEXT, PublishPolicy.IMPROVEMENTS, Double.POSITIVE_INFINITY, false);
    assertThat(published.losses()).containsKey(Evaluator.WINDOWS);
    assertThat(published.loss()).isEqualTo(published.losses().get("held-out-" + Evaluator.WINDOWS));
  }

  @Test
  void measuresASampleOfATextThatWouldTakeTooLong() {
    EncodedText text = EncodedText.of(new int[256 * 10]);
    Corpus.Split parts = new Corpus.Split(TEXT, NOTHING, text, NOTHING);
    CheckpointSelector sampling =
        new CheckpointSelector(manager, parts, PublishPolicy.IMPROVEMENTS, 7);
    CheckpointSelector.Decision decision =
        sampling.select(network, Double.POSITIVE_INFINITY, false);

    assertThat(sampling.samples()).isTrue();
    assertThat(decision.losses()).containsOnlyKeys("windows-256-sample-7");
    assertThat(decision.loss()).isEqualTo(decision.losses().get("windows-256-sample-7"));
    assertThat(sampling.secondsPerCharacter(network)).isBetween(1e-9, 1.0);
    assertThat(sampling.wholeProtocol()).isEqualTo("windows-256");
    assertThat(new CheckpointSelector(manager, parts, PublishPolicy.IMPROVEMENTS, 20).samples())
        .as("both protocols read 20 windows in all")
        .isFalse();
  }
}
