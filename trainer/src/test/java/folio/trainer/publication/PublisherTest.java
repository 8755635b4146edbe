package folio.trainer.publication;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.ConflictingStore;
import folio.model.network.CharGru;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublisherTest {
  /** A corpus that no other checkpoint was trained on. */
  private static final CheckpointManifest.Corpus OTHER =
      new CheckpointManifest.Corpus("mine", "a".repeat(64), 1000);

  @TempDir Path root;
  private final NDManager manager = NDManager.newBaseManager();
  private CheckpointStore store;
  private CharGru network;

  @BeforeEach
  void open() {
    store = new CheckpointStore(root);
    network =
        CharGru.initialize(
            manager, TestCheckpoints.small(TestCheckpoints.LETTERS), new SplittableRandom(1));
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private Publisher publisher(Promotion promotion, int retained, CheckpointManifest.Corpus corpus) {
    return publisher(promotion, retained, corpus, Map.of());
  }

  private Publisher publisher(
      Promotion promotion,
      int retained,
      CheckpointManifest.Corpus corpus,
      Map<String, String> settings) {
    return new Publisher(
        store,
        promotion,
        retained,
        new Publisher.Run(
            "run", TestCheckpoints.LETTERS, corpus, "some text", settings, "parent", null));
  }

  private static Losses losses(double windows) {
    return new Losses(1.0, Map.of("windows-256", windows));
  }

  private static Losses sample(double loss) {
    return new Losses(1.0, Map.of("windows-256-sample-64", loss));
  }

  @Test
  void promotesTheFirstCheckpointAndThenABetterOneOnTheSameText() {
    Publisher publisher = publisher(Promotion.BETTER, 5, OTHER);
    Publisher.Published first = publisher.publish(network, 1, losses(2));
    assertThat(store.current()).contains(first.version());
    assertThat(first.decision().reason()).isEqualTo("there was no CURRENT");
    assertThat(store.manifest(first.version()).parent()).isEqualTo("parent");

    Publisher.Published worse = publisher.publish(network, 2, losses(2.01));
    assertThat(worse.decision().promote()).isFalse();
    assertThat(worse.decision().reason()).startsWith("not better: 2.0100 against 2.0000 of ");

    Publisher.Published better = publisher.publish(network, 3, losses(1.9));
    assertThat(store.current()).contains(better.version());
    publisher.publish(network, 4, losses(1.95));
    assertThat(store.current()).contains(better.version());
  }

  @Test
  void doesNotCompareDifferentTexts() {
    CheckpointManifest.Corpus text = Checkpoint.embedded().manifest().corpus();
    publisher(Promotion.BETTER, 5, text).publish(network, 1, losses(9));
    Publisher.Published published =
        publisher(Promotion.BETTER, 5, OTHER).publish(network, 2, losses(0.1));

    assertThat(published.decision().promote()).isFalse();
    assertThat(published.decision().reason()).contains("was measured on another text");
    Promotion.Forecast forecast = Promotion.BETTER.forecast("windows-256", OTHER, Map.of(), store);
    assertThat(forecast.served()).isFalse();
    assertThat(forecast.text()).contains("another text", "with --promote always");
  }

  @Test
  void doesNotCompareDifferentPartsOfAText() {
    Map<String, String> split = Map.of("split", "80,10,10");
    publisher(Promotion.BETTER, 5, OTHER).publish(network, 1, losses(9));
    Publisher.Published published =
        publisher(Promotion.BETTER, 5, OTHER, split).publish(network, 2, losses(0.1));

    assertThat(published.decision().promote()).isFalse();
    assertThat(published.decision().reason()).contains("another part of the text (--split 90,10)");
    Publisher.Published same =
        publisher(Promotion.BETTER, 5, OTHER, Map.of("split", "90,10"))
            .publish(network, 3, losses(0.1));
    assertThat(same.decision().promote()).isTrue();
  }

  private Publisher.Published replace(Publisher publisher, long step, Losses losses) {
    Map<String, String> settings = publisher.published(step).orElseThrow().settings();
    return publisher.replace(network, step, losses, settings, "it has other losses");
  }

  /** A sample's loss is compared only with that of the same sample. */
  @Test
  void theLossOfTheWholePartDecidesOverThatOfASample() {
    publisher(Promotion.BETTER, 5, OTHER).publish(network, 1, losses(2));
    Publisher publisher = publisher(Promotion.BETTER, 5, OTHER);
    Publisher.Published sampled = publisher.publish(network, 2, sample(1));
    assertThat(sampled.decision().promote()).isFalse();
    assertThat(sampled.decision().reason()).startsWith("its loss is that of a sample, which ");

    Losses both = new Losses(1.0, Map.of("windows-256-sample-64", 1.0, "windows-256", 1.9));
    Publisher.Published whole = replace(publisher, 2, both);
    assertThat(store.current()).contains(whole.version());
    assertThat(store.versions()).doesNotContain(sampled.version());
    assertThat(publisher.publish(network, 3, sample(0.9)).decision().promote()).isTrue();
  }

  @Test
  void aReplacedCheckpointThatIsServedPassesThatOn() {
    Publisher publisher = publisher(Promotion.BETTER, 5, OTHER);
    String first = publisher.publish(network, 1, sample(1)).version();
    assertThat(store.current()).contains(first);

    String measured = replace(publisher, 1, losses(5)).version();
    assertThat(store.current()).contains(measured);
    assertThat(store.versions()).containsExactly(measured);
  }

  @Test
  void publishesWhenCurrentCannotBeRead() throws IOException {
    Publisher publisher = publisher(Promotion.BETTER, 1, OTHER);
    publisher.publish(network, 1, losses(3));
    Files.writeString(root.resolve("CURRENT"), "nonsense");
    Publisher.Published published = publisher.publish(network, 2, losses(2));

    assertThat(published.decision().promote()).isFalse();
    assertThat(published.decision().reason()).contains("nonsense");
    assertThat(store.versions()).hasSize(2);
  }

  @Test
  void publishesWithoutPromotionWhenAnotherWriterPromotes() {
    store = ConflictingStore.in(root);
    Publisher.Published published =
        publisher(Promotion.ALWAYS, 5, OTHER).publish(network, 1, losses(1));

    assertThat(published.decision().promote()).isFalse();
    assertThat(published.decision().reason()).contains("another writer changed CURRENT");
    assertThat(store.versions()).containsExactly(published.version());
  }

  @Test
  void followsAlwaysAndNever() {
    Publisher.Published first =
        publisher(Promotion.ALWAYS, 5, OTHER).publish(network, 1, losses(9));
    assertThat(store.current()).contains(first.version());

    publisher(Promotion.NEVER, 5, OTHER).publish(network, 2, losses(0.1));
    assertThat(store.current()).contains(first.version());
  }

  @Test
  void retainsItsNewestCheckpointsAndTheCurrentOne() {
    String foreign = TestCheckpoints.publish(store, 9);
    String first = publisher(Promotion.ALWAYS, 2, OTHER).publish(network, 1, losses(3)).version();
    Publisher neverPromoting = publisher(Promotion.NEVER, 2, OTHER);
    String second = neverPromoting.publish(network, 2, losses(2)).version();
    String third = neverPromoting.publish(network, 3, losses(1)).version();
    String fourth = neverPromoting.publish(network, 4, losses(0.5)).version();

    assertThat(store.versions()).containsExactly(foreign, first, third, fourth);
    assertThat(store.versions()).doesNotContain(second);
    assertThat(store.manifest(fourth).parent()).isEqualTo(third);
  }

  @Test
  void doesNotPublishAStepTwice() {
    Publisher publisher = publisher(Promotion.ALWAYS, 5, OTHER);
    String first = publisher.publish(network, 7, losses(3)).version();
    String again = publisher.publish(network, 7, losses(3)).version();

    assertThat(again).isEqualTo(first);
    assertThat(store.versions()).containsExactly(first);
  }
}
