package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.model.vocabulary.Vocabulary;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WarmStartTest {
  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private float[] logits(CharGru network, Vocabulary vocabulary, String text) {
    long[] ids = Arrays.stream(vocabulary.encode(text)).asLongStream().toArray();
    NDArray input = manager.create(ids, new Shape(1, ids.length));
    return network.forward(input, network.zeroState(manager, 1)).logits().toFloatArray();
  }

  /** The ids of all characters but the first move. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aKnownCharacterHasTheSameLogitAfterEveryText(boolean tied) {
    Vocabulary known = Vocabulary.of("\nbdf\u00e9");
    Vocabulary grown = known.with(Vocabulary.of("ace\ud83d\ude00b"));
    CharGruConfig config =
        new CharGruConfig(
            NetworkKind.RESIDUAL, 5, 6, 6, 2, Nonlinearity.NONE, Nonlinearity.NONE, null, tied);
    CharGru source = CharGru.initialize(manager, config, new SplittableRandom(1));
    CharGru network = WarmStart.create(manager, source, known, grown, new SplittableRandom(2));
    String text = "fb\u00e9\nd";

    float[] before = logits(source, known, text);
    float[] after = logits(network, grown, text);
    for (int position = 0; position < text.length(); position++) {
      for (int id = 0; id < known.size(); id++) {
        int moved = grown.id(known.codePoint(id));
        assertThat(after[position * grown.size() + moved])
            .isCloseTo(before[position * known.size() + id], within(1e-6f));
      }
    }
    assertThat(after).hasSize(text.length() * 9);
  }

  @Test
  void theUnknownEntryKeepsItsWeights() {
    Vocabulary known = Vocabulary.of("bd").withUnknownEntry();
    Vocabulary grown = known.with(Vocabulary.of("ac"));
    CharGru source =
        CharGru.initialize(manager, CharGruConfig.residual(3, 4, 4, 1), new SplittableRandom(1));
    CharGru network = WarmStart.create(manager, source, known, grown, new SplittableRandom(2));
    float[] before = source.tensors(manager).get("embedding.weight").toFloatArray();
    float[] after = network.tensors(manager).get("embedding.weight").toFloatArray();

    assertThat(grown.unknownId()).isEqualTo(4);
    assertThat(Arrays.copyOfRange(after, 16, 20)).isEqualTo(Arrays.copyOfRange(before, 8, 12));
  }

  @Test
  void newCharactersDifferFromEachOther() {
    Vocabulary known = Vocabulary.of("ab");
    CharGru source =
        CharGru.initialize(manager, CharGruConfig.residual(2, 4, 4, 1), new SplittableRandom(1));
    CharGru network =
        WarmStart.create(manager, source, known, Vocabulary.of("abcd"), new SplittableRandom(2));
    float[] embedding = network.tensors(manager).get("embedding.weight").toFloatArray();

    assertThat(Arrays.copyOfRange(embedding, 8, 12))
        .isNotEqualTo(Arrays.copyOfRange(embedding, 12, 16))
        .doesNotContain(0f);
  }
}
