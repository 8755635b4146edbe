package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.testing.TestCheckpoints;
import folio.trainer.corpus.Corpus;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CheckpointSelectorTest {
  private static final int[] TEXT = new int[600];

  private final NDManager manager = NDManager.newBaseManager();
  private final CharGru network =
      CharGru.initialize(
          manager, TestCheckpoints.small(TestCheckpoints.LETTERS), new SplittableRandom(1));

  @AfterEach
  void close() {
    manager.close();
  }

  private CheckpointSelector.Decision select(
      int[] heldOut, PublishPolicy policy, double bestLoss, boolean last) {
    return new CheckpointSelector(manager, new Corpus.Split(TEXT, heldOut, TEXT), policy)
        .select(network, bestLoss, last);
  }

  @Test
  void publishesOnlyAnImprovementEvenAtTheEnd() {
    int[] nothing = {};

    assertThat(select(nothing, PublishPolicy.IMPROVEMENTS, 0, true).publish()).isFalse();
    assertThat(
            select(nothing, PublishPolicy.IMPROVEMENTS, Double.POSITIVE_INFINITY, false).publish())
        .isTrue();
  }

  @Test
  void publishesTheLastNetworkWhateverItsLoss() {
    int[] nothing = {};

    assertThat(select(nothing, PublishPolicy.LAST, 0, true).publish()).isTrue();
    assertThat(select(nothing, PublishPolicy.LAST, Double.POSITIVE_INFINITY, false).publish())
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
    assertThat(published.losses()).containsKey(CheckpointSelector.PROTOCOL);
    assertThat(published.loss())
        .isEqualTo(published.losses().get("held-out-" + CheckpointSelector.PROTOCOL));
  }
}
