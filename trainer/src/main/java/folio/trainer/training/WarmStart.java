package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.vocabulary.Vocabulary;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Creates a network with the weights of another one. The vocabulary may have grown: characters that
 * the other network knows keep their weights, wherever their ids move, and new ones are
 * initialised. So does the unknown entry.
 */
public final class WarmStart {
  /** The tensors that have a row, or a value, for each character. */
  private static final Set<String> BY_CHARACTER =
      Set.of("embedding.weight", "linear.weight", "linear.bias");

  private WarmStart() {}

  /**
   * Creates the network.
   *
   * @param parent the parent of the network, on its device
   * @param source the network whose weights are copied; the caller closes it
   * @param known the vocabulary of {@code source}
   * @param vocabulary the vocabulary of the new network, with all characters of {@code known}
   * @param random the source of the weights of new characters
   */
  public static CharGru create(
      NDManager parent,
      CharGru source,
      Vocabulary known,
      Vocabulary vocabulary,
      RandomGenerator random) {
    CharGruConfig config = source.config().withVocabularySize(vocabulary.size());
    try (NDManager scratch = parent.newSubManager();
        CharGru initialized = CharGru.initialize(scratch, config, random)) {
      NDList trained = source.tensors(scratch);
      NDList tensors = new NDList();
      for (NDArray initial : initialized.tensors(scratch)) {
        NDArray weights = trained.get(initial.getName());
        NDArray tensor =
            BY_CHARACTER.contains(initial.getName())
                ? moved(scratch, weights, known, initial, vocabulary)
                : weights;
        tensor.setName(initial.getName());
        tensors.add(tensor);
      }
      return new CharGru(parent, config, tensors);
    }
  }

  /** Returns the initial tensor with the rows of known characters replaced by trained ones. */
  private static NDArray moved(
      NDManager scratch,
      NDArray trained,
      Vocabulary known,
      NDArray initial,
      Vocabulary vocabulary) {
    float[] from = HostCopy.floats(trained);
    float[] to = HostCopy.floats(initial);
    int width = to.length / vocabulary.size();
    for (int id = 0; id < known.characterCount(); id++) {
      int moved = vocabulary.id(known.codePoint(id));
      System.arraycopy(from, id * width, to, moved * width, width);
    }
    if (known.hasUnknownEntry()) {
      System.arraycopy(from, known.unknownId() * width, to, vocabulary.unknownId() * width, width);
    }
    return scratch.create(to, initial.getShape());
  }
}
