package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.HostCopy;
import folio.trainer.corpus.EncodedText;
import java.util.Arrays;

/**
 * The predictions of a network for the beginning of a text: each character given all characters
 * before it.
 *
 * @param target the code points of the text, without the first one
 * @param predicted the most likely code point at each position of the target
 * @param logprobs the natural logarithm of the probability of each code point of the target
 */
public record Prediction(int[] target, int[] predicted, double[] logprobs) {
  /**
   * Computes the predictions of a network.
   *
   * @param model the network; it is not changed
   * @param text the text
   * @param maxCharacters the largest number of characters to predict
   */
  public static Prediction of(TrainedModel model, EncodedText text, int maxCharacters) {
    int[] ids = text.first(maxCharacters + 1);
    int length = ids.length - 1;
    int size = model.vocabulary().size();
    Prediction prediction = new Prediction(new int[length], new int[length], new double[length]);
    try (NDManager scope = model.manager().newSubManager()) {
      long[] inputs = Arrays.stream(ids, 0, length).asLongStream().toArray();
      NDArray logits =
          model
              .network()
              .forward(
                  scope.create(inputs, new Shape(1, length)), model.network().zeroState(scope, 1))
              .logits();
      float[] logprobs = HostCopy.floats(logits.logSoftmax(-1));
      long[] best = HostCopy.longs(logits.argMax(2));
      for (int i = 0; i < length; i++) {
        prediction.target()[i] = model.vocabulary().codePoint(ids[i + 1]);
        prediction.predicted()[i] = model.vocabulary().codePoint((int) best[i]);
        prediction.logprobs()[i] = logprobs[i * size + ids[i + 1]];
      }
    }
    return prediction;
  }
}
