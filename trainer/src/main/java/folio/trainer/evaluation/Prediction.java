package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.HostCopy;
import folio.trainer.corpus.EncodedText;
import java.util.Arrays;

/**
 * The predictions of a network for the beginning of a text: each character given all characters
 * before it in its document.
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
    Prediction prediction = new Prediction(new int[length], new int[length], new double[length]);
    if (text.hasDocuments()) {
      DocumentSpans documents = new DocumentSpans(text, 0, ids.length);
      while (documents.hasNext()) {
        prediction.predict(model, ids, documents.next());
      }
    } else {
      prediction.predict(model, ids, new Span(0, length));
    }
    return prediction;
  }

  /** Writes the predictions of a span, which is read from a zero state. */
  private void predict(TrainedModel model, int[] ids, Span span) {
    int start = (int) span.start();
    int end = start + (int) span.length();
    int size = model.vocabulary().size();
    try (NDManager scope = model.manager().newSubManager()) {
      long[] inputs = Arrays.stream(ids, start, end).asLongStream().toArray();
      NDArray logits =
          model
              .network()
              .forward(
                  scope.create(inputs, new Shape(1, inputs.length)),
                  model.network().zeroState(scope, 1))
              .logits();
      float[] logprobs = HostCopy.floats(logits.logSoftmax(-1));
      long[] best = HostCopy.longs(logits.argMax(2));
      for (int i = 0; i < inputs.length; i++) {
        target[start + i] = model.vocabulary().codePoint(ids[start + i + 1]);
        predicted[start + i] = model.vocabulary().codePoint((int) best[i]);
        this.logprobs[start + i] = logprobs[i * size + ids[start + i + 1]];
      }
    }
  }
}
