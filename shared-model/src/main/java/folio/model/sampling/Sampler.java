package folio.model.sampling;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Chooses a character from its logits: repetition penalty, temperature, then min-p, top-k and
 * top-p, then the inverse of the cumulative distribution at a given random number. Holds scratch
 * memory for one vocabulary; owned by one thread.
 */
public final class Sampler {
  private final double[] weights;
  private final long[] order;

  /**
   * A sampler for one vocabulary.
   *
   * @param vocabularySize V
   */
  public Sampler(int vocabularySize) {
    this.weights = new double[vocabularySize];
    this.order = new long[vocabularySize];
  }

  /**
   * The id of the chosen character.
   *
   * @param logits holds the V logits of one position; not changed
   * @param offset where they begin
   * @param seen ids that the prompt or the text holds already; read only if there is a penalty
   * @param parameters how to choose
   * @param uniform a number in [0, 1)
   */
  public int sample(
      float[] logits, int offset, BitSet seen, SamplingParameters parameters, double uniform) {
    load(logits, offset, seen, parameters.repetitionPenalty());
    int best = largest();
    if (parameters.temperature() == 0) {
      return best;
    }
    double peak = weights[best];
    for (int id = 0; id < weights.length; id++) {
      // A penalty may make logits infinite, and what is not a number must not be ranked.
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

  private void load(float[] logits, int offset, BitSet seen, double penalty) {
    for (int id = 0; id < weights.length; id++) {
      weights[id] = logits[offset + id];
    }
    if (penalty != 1) {
      for (int id = seen.nextSetBit(0); id >= 0; id = seen.nextSetBit(id + 1)) {
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
      // Non-negative doubles order as their bits: the weight above, the id below, one primitive
      // sort. Float precision suffices to rank; equal weights rank by id.
      order[id] =
          (long) Float.floatToIntBits((float) weights[id]) << 32 | (weights.length - 1 - id);
      total += weights[id];
    }
    Arrays.sort(order);
    double reached = 0;
    for (int rank = 0; rank < weights.length; rank++) {
      int id = weights.length - 1 - (int) order[weights.length - 1 - rank];
      if (rank >= count || (rank > 0 && reached >= probability * total)) {
        weights[id] = 0;
      } else {
        reached += weights[id];
      }
    }
  }

  private int pick(double uniform, int best) {
    double total = 0;
    for (double weight : weights) {
      total += weight;
    }
    double rest = uniform * total;
    for (int id = 0; id < weights.length; id++) {
      rest -= weights[id];
      if (rest < 0) {
        return id;
      }
    }
    return best; // rounding may leave a crumb behind the last weight
  }
}
