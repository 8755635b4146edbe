package folio.benchmark;

import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Publishes and promotes one untrained checkpoint after another, each of another architecture,
 * vocabulary and weights, and deletes old ones. One thread calls {@link #turn}; any may ask for a
 * vocabulary.
 */
final class CheckpointChurn {
  /** Characters of every vocabulary here; two letters at least. */
  static final String SHARED = "etaoinshrdlu ETAOIN\n";

  private static final List<Vocabulary> VOCABULARIES =
      List.of(
          Vocabulary.of(SHARED),
          Vocabulary.of(SHARED + "\"\\/\t\r\u2028<>&bcfgjkmpqvwxyz.,;:!?-'"),
          Vocabulary.of(SHARED + "äöüßéñçøœαβγδабвгд漢字仮名"),
          Vocabulary.of(SHARED + "\uD83D\uDE00\uD83C\uDF0D\uD835\uDD38\uD834\uDD1E"));
  private static final List<Integer> HIDDEN_SIZES = List.of(16, 32, 64, 128, 192);
  private static final int MAX_LAYERS = 4;
  private static final int KEPT = 4;

  private final TemporaryStore store;
  private final SplittableRandom random;
  private final Map<String, Vocabulary> vocabularies = new ConcurrentHashMap<>();

  CheckpointChurn(TemporaryStore store, long seed) {
    this.store = store;
    this.random = new SplittableRandom(seed);
  }

  /** Publishes one more and makes it current. */
  void turn() {
    Vocabulary vocabulary = any(VOCABULARIES);
    int hidden = any(HIDDEN_SIZES);
    int layers = 1 + random.nextInt(MAX_LAYERS);
    CharGruConfig config =
        random.nextBoolean()
            ? CharGruConfig.plain(vocabulary.size(), hidden, layers)
            : CharGruConfig.residual(vocabulary.size(), any(HIDDEN_SIZES), hidden, layers);
    Precision precision = random.nextBoolean() ? Precision.FLOAT16 : Precision.FLOAT32;
    String version =
        store.publish(
            new TemporaryStore.Untrained(config, vocabulary, precision, random.nextLong()));
    vocabularies.put(version, vocabulary); // before anybody can see a text of it
    store.promote(version);
    store.keepNewest(KEPT);
  }

  private <T> T any(List<T> some) {
    return some.get(random.nextInt(some.size()));
  }

  /** How many were published. */
  int published() {
    return vocabularies.size();
  }

  /** The vocabulary of a version; null if it is not from here. */
  Vocabulary vocabulary(String version) {
    return vocabularies.get(version);
  }
}
