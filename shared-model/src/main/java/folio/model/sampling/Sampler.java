package folio.model.sampling;

import java.util.Arrays;
import java.util.BitSet;

/**
 * A sampler that chooses a character from its logits. It applies the repetition penalty, the
 * temperature, then min-p, top-k and top-p, and maps a uniform random number to a character through
 * the inverse of the cumulative distribution. It holds scratch memory for one vocabulary. Owned by
 * one thread.
 */
public final class Sampler {
  private final double[] weights;
  private final long[] order;

  /**
   * Creates a sampler for one vocabulary.
   *
   * @param characters the number of characters that can be chosen, C; their ids are 0 to C - 1. The
   *     unknown entry of a vocabulary has a larger id, so it is never chosen.
   */
  public Sampler(int characters) {
    this.weights = new double[characters];
    this.order = new long[characters];
  }

  /**
   * Returns the id of the chosen character.
   *
   * @param logits an array that holds the logits of one position; it is not changed
   * @param offset the index of the first of these logits
   * @param seen the ids that occur in the prompt or the text; ignored without a penalty
   * @param parameters the sampling parameters
   * @param uniform a number in [0, 1)
   */
  public int sample(
      float[] logits, int offset, BitSet seen, SamplingParameters parameters, double uniform) {
    loadWeights(logits, offset, seen, parameters.repetitionPenalty());
    int best = largest();
    if (parameters.temperature() == 0) {
      return best;
    }
    double peak = weights[best];
    for (int id = 0; id < weights.length; id++) {
      // A penalty can make logits infinite. Infinity minus infinity is NaN, which cannot be ranked.
      double weight =
          weights[id] == peak ? 1 : Math.exp((weights[id] - peak) / parameters.temperature());
      weights[id] = weight >= parameters.minP() ? weight : 0;
    }
    boolean cutsByRank = parameters.topK() > 0 && parameters.topK() < weights.length;
    if (cutsByRank || parameters.topP() < 1) {
      keepTop(parameters.topK() == 0 ? weights.length : parameters.topK(), parameters.topP());
    }
    return pick(uniform, best);
  }

  private void loadWeights(float[] logits, int offset, BitSet seen, double penalty) {
    for (int id = 0; id < weights.length; id++) {
      weights[id] = logits[offset + id];
    }
    if (penalty != 1) {
      for (int id = seen.nextSetBit(0);
          id >= 0 && id < weights.length;
          id = seen.nextSetBit(id + 1)) {
        weights[id] = weights[id] > 0 ? weights[id] / penalty : weights[id] * penalty;
      }
    }
  }

  private int largest() {
    int best = 0;
    for (int id = 1; id < weights.length; id++) {
      if (weights[id] > weights[best]) {
        best = id;
      }
    }
    return best;
  }

  private void keepTop(int count, double probability) {
    double total = 0;
    for (int id = 0; id < weights.length; id++) {
      // Non-negative floats sort like their bits, so one sort of longs ranks weights (high bits)
      // and then ids (low bits). Float precision suffices for ranking.
      order[id] =
          (long) Float.floatToIntBits((float) weights[id]) << 32 | (weights.length - 1 - id);
      total += weights[id];
    }
    Arrays.sort(order);
    double cumulative = 0;
    for (int rank = 0; rank < weights.length; rank++) {
      int id = weights.length - 1 - (int) order[weights.length - 1 - rank];
      if (rank >= count || (rank > 0 && cumulative >= probability * total)) {
        weights[id] = 0;
      } else {
        cumulative += weights[id];
      }
    }
  }

  private int pick(double uniform, int best) {
    double total = 0;
    for (double weight : weights) {
      total += weight;
    }
    double remaining = uniform * total;
    for (int id = 0; id < weights.length; id++) {
      remaining -= weights[id];
      if (remaining < 0) {
        return id;
      }
    }
    return best; // the rounded sum of the weights may end just below the random number
  }
}
