package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.HostCopy;
import java.util.Arrays;

/**
 * What a network makes of the begin of a text, each character after those before it.
 *
 * @param target code points, but for the first of the text
 * @param predicted the likeliest code point in the place of each
 * @param logprobs natural logarithms of the probability of each of the target's
 */
public record Prediction(int[] target, int[] predicted, double[] logprobs) {
  /**
   * Reads a text.
   *
   * @param ids of the text
   * @param most characters that are looked at
   */
  public static Prediction of(TrainedModel model, int[] ids, int most) {
    int length = Math.min(most, ids.length - 1);
    int size = model.vocabulary().size();
    Prediction made = new Prediction(new int[length], new int[length], new double[length]);
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
        made.target()[i] = model.vocabulary().codePoint(ids[i + 1]);
        made.predicted()[i] = model.vocabulary().codePoint((int) best[i]);
        made.logprobs()[i] = logprobs[i * size + ids[i + 1]];
      }
    }
    return made;
  }
}
