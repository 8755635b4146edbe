package folio.benchmark.soak;

import folio.benchmark.subject.TemporaryStore;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Publishes untrained checkpoints, each with random architecture, vocabulary and weights, and
 * deletes old ones. One thread calls {@link #publishNext}; any thread may call the other methods.
 */
public final class CheckpointPublisher {
  /** The characters that every published vocabulary has, at least two. */
  static final String SHARED_ALPHABET = "etaoinshrdlu ETAOIN\n";

  private static final List<Vocabulary> VOCABULARIES =
      List.of(
          Vocabulary.of(SHARED_ALPHABET),
          Vocabulary.of(SHARED_ALPHABET + "\"\\/\t\r\u2028<>&bcfgjkmpqvwxyz.,;:!?-'"),
          Vocabulary.of(SHARED_ALPHABET + "äöüßéñçøœαβγδабвгд漢字仮名"),
          Vocabulary.of(SHARED_ALPHABET + "\uD83D\uDE00\uD83C\uDF0D\uD835\uDD38\uD834\uDD1E"));
  private static final List<Integer> HIDDEN_SIZES = List.of(16, 32, 64, 128, 192);
  private static final int MAX_LAYERS = 4;

  /** The number of versions that remain in the store. */
  private static final int RETAINED_VERSIONS = 4;

  private final TemporaryStore store;
  private final SplittableRandom random;
  private final Map<String, Vocabulary> vocabularies = new ConcurrentHashMap<>();

  /**
   * Creates a publisher that has published nothing.
   *
   * @param seed the seed of all architectures and weights
   */
  public CheckpointPublisher(TemporaryStore store, long seed) {
    this.store = store;
    this.random = new SplittableRandom(seed);
  }

  /** Publishes a checkpoint, promotes it, and deletes the oldest versions. */
  public void publishNext() {
    Vocabulary vocabulary = draw(VOCABULARIES);
    int hidden = draw(HIDDEN_SIZES);
    int layers = 1 + random.nextInt(MAX_LAYERS);
    CharGruConfig config =
        random.nextBoolean()
            ? CharGruConfig.plain(vocabulary.size(), hidden, layers)
            : CharGruConfig.residual(vocabulary.size(), draw(HIDDEN_SIZES), hidden, layers);
    Precision precision = random.nextBoolean() ? Precision.FLOAT16 : Precision.FLOAT32;
    String version =
        store.publish(
            new TemporaryStore.UntrainedModel(config, vocabulary, precision, random.nextLong()));
    vocabularies.put(version, vocabulary); // before a client can receive text of this version
    store.promote(version);
    store.deleteAllButNewest(RETAINED_VERSIONS);
  }

  private <T> T draw(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  /** Returns the number of published checkpoints. */
  int published() {
    return vocabularies.size();
  }

  /** Returns the vocabulary of a version, or null if this publisher did not publish it. */
  Vocabulary vocabulary(String version) {
    return vocabularies.get(version);
  }
}
