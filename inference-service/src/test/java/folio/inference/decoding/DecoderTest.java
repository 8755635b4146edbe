package folio.inference.decoding;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.testing.Reference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderTest {
  private static final double TOLERANCE = 1e-5;

  private final NDManager manager = NDManager.newBaseManager();

  @BeforeEach
  void prepare() {
    Decoder.prepareThread(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "plain-1-layer",
        "residual",
        "residual-8-layers",
        "residual-activations",
        "plain-activations",
        "residual-projection-tied",
        "plain-projection",
        "plain-tied"
      })
  void computesWhatPyTorchComputes(String name) throws IOException {
    Reference reference = new Reference(manager, name);
    NDArray ids = reference.get("reference.ids");
    int rows = (int) ids.getShape().get(0);
    int length = (int) ids.getShape().get(1);
    long last = length - 1L;
    // The fixtures begin from a state and the decoder from zeros, so the network is the reference.
    CharGru network = reference.network(manager);
    float[] expected =
        network
            .forward(ids, network.zeroState(manager, rows))
            .logits()
            .get(new NDIndex(":, {}", last))
            .toFloatArray();
    try (Decoder decoder = new Decoder(manager, network);
        DecodeState zero = decoder.zeroState(rows)) {
      long[] lengths = LongStream.generate(() -> length).limit(rows).toArray();
      try (StepOutput prefilled = decoder.prefill(ids.toLongArray(), lengths, false, zero);
          DecodeState read = prefilled.state()) {
        assertThat(largestDifference(prefilled.logits(), expected)).isLessThan(TOLERANCE);
        assertThat(read.rows()).isEqualTo(rows);
      }
      assertThat(largestDifference(stepThrough(decoder, ids.toLongArray(), rows), expected))
          .isLessThan(TOLERANCE);
    }
  }

  private static double largestDifference(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  /** Odd sizes leave remainders in every kernel. */
  @ParameterizedTest
  @CsvSource({
    "65, 8, 16, 2",
    "33, 7, 20, 3",
    "61, 36, 36, 1",
    "65, 128, 512, 3",
    "300, 64, 100, 2"
  })
  void aRowHasTheSameBitsAloneAndAmongOthers(
      int vocabulary, int embedding, int hidden, int layers) {
    CharGru network = network(CharGruConfig.residual(vocabulary, embedding, hidden, layers));
    try (Decoder decoder = new Decoder(manager, network)) {
      assertThat(rowsThatDiffer(decoder)).isEmpty();
    }
  }

  /** Returns the batch sizes at which a row's logits differ from those in a batch of 130. */
  private static List<Integer> rowsThatDiffer(Decoder decoder) {
    int largest = 130;
    int vocabulary = decoder.config().vocabularySize();
    long[] texts = new SplittableRandom(1).longs(largest * 6L, 0, vocabulary).toArray();
    float[] expected = stepThrough(decoder, texts, largest);
    List<Integer> differing = new ArrayList<>();
    for (int rows : new int[] {1, 2, 3, 4, 5, 7, 8, 11, 16, 24, 31, 32, 48, 64, 96, 128}) {
      float[] logits = stepThrough(decoder, Arrays.copyOf(texts, rows * 6), rows);
      if (!Arrays.equals(logits, Arrays.copyOf(expected, rows * vocabulary))) {
        differing.add(rows);
      }
    }
    return differing;
  }

  @ParameterizedTest
  @CsvSource({"65, 8, 16, 2", "33, 7, 20, 3", "65, 128, 512, 3"})
  void aPromptHasTheSameBitsHoweverItIsRead(int vocabulary, int embedding, int hidden, int layers) {
    CharGru network = network(CharGruConfig.residual(vocabulary, embedding, hidden, layers));
    long[] prompt = new SplittableRandom(2).longs(45, 0, vocabulary).toArray();
    try (Decoder decoder = new Decoder(manager, network)) {
      float[] steps = stepThrough(decoder, prompt, 1);

      assertThat(read(decoder, prompt, 45, 1)).isEqualTo(steps);
      assertThat(read(decoder, prompt, 8, 1)).isEqualTo(steps);
      assertThat(read(decoder, prompt, 32, 1)).isEqualTo(steps);
      assertThat(read(decoder, prompt, 8, 5)).isEqualTo(steps);
      assertThat(read(decoder, prompt, 16, 16)).isEqualTo(steps);
    }
  }

  /** Reads a prompt in chunks, in the second of several rows of different lengths. */
  private static float[] read(Decoder decoder, long[] prompt, int chunk, int rows) {
    int target = Math.min(1, rows - 1);
    int vocabulary = decoder.config().vocabularySize();
    SplittableRandom random = new SplittableRandom(3);
    DecodeState state = decoder.zeroState(rows);
    float[] logits = {};
    for (int from = 0; from < prompt.length; from += chunk) {
      int length = Math.min(chunk, prompt.length - from);
      long[] ids = random.longs((long) rows * chunk, 0, vocabulary).toArray();
      long[] lengths = random.longs(rows, 1, chunk + 1L).toArray();
      System.arraycopy(prompt, from, ids, target * chunk, length);
      lengths[target] = length;
      try (StepOutput output = decoder.prefill(ids, lengths, false, state)) {
        state.close();
        state = output.state();
        logits = output.logits();
      }
    }
    state.close();
    return Arrays.copyOfRange(logits, target * vocabulary, (target + 1) * vocabulary);
  }

  @Test
  void arrangesRowsOfTwoStates() {
    CharGru network = network(CharGruConfig.residual(65, 8, 16, 2));
    try (Decoder decoder = new Decoder(manager, network);
        DecodeState zero = decoder.zeroState(3);
        StepOutput first = decoder.step(new long[] {1, 2, 3}, zero);
        DecodeState three = first.state();
        StepOutput second = decoder.step(new long[] {4, 5, 6}, zero);
        DecodeState others = second.state();
        DecodeState mixed = decoder.arrange(three, others, new long[] {4, 0, 5, 0});
        StepOutput next = decoder.step(new long[] {7, 7, 7, 7}, mixed);
        DecodeState unused = next.state()) {
      assertThat(mixed.rows()).isEqualTo(4);
      float[] logits = next.logits();
      assertThat(row(logits, 0)).isEqualTo(after(decoder, 5, 7));
      assertThat(row(logits, 1)).isEqualTo(after(decoder, 1, 7));
      assertThat(row(logits, 2)).isEqualTo(after(decoder, 6, 7));
      assertThat(row(logits, 3)).isEqualTo(row(logits, 1));
      assertThat(unused.rows()).isEqualTo(4);
    }
  }

  private static float[] row(float[] logits, int row) {
    return Arrays.copyOfRange(logits, row * 65, (row + 1) * 65);
  }

  private static float[] after(Decoder decoder, long... ids) {
    return stepThrough(decoder, ids, 1);
  }

  private CharGru network(CharGruConfig config) {
    return CharGru.initialize(manager, config, new SplittableRandom(4));
  }

  /** Returns the logits after the last character of each row, one step per character. */
  private static float[] stepThrough(Decoder decoder, long[] texts, int rows) {
    int length = texts.length / rows;
    DecodeState state = decoder.zeroState(rows);
    float[] logits = {};
    for (int t = 0; t < length; t++) {
      int at = t;
      long[] ids = IntStream.range(0, rows).mapToLong(row -> texts[row * length + at]).toArray();
      try (StepOutput output = decoder.step(ids, state)) {
        state.close();
        state = output.state();
        logits = output.logits();
      }
    }
    state.close();
    return logits;
  }
}
