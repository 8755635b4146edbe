package folio.inference.engine;

import folio.inference.generation.TokenLogprob;
import folio.model.vocabulary.Vocabulary;
import java.util.ArrayList;
import java.util.List;

/** Computes the log-probabilities of one position from its logits. */
final class Logprobs {
  private Logprobs() {}

  /**
   * Returns the log-probability of a character and of the most likely alternatives. The unknown
   * entry is never an alternative, but it has a probability.
   *
   * @param logits float32, holds the V logits of the position
   * @param offset index of the first of them
   * @param id the character at the position
   * @param alternatives how many of the most likely characters to return
   */
  static TokenLogprob of(
      Vocabulary vocabulary, float[] logits, int offset, int id, int alternatives) {
    double peak = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary.size(); i++) {
      peak = Math.max(peak, logits[offset + i]);
    }
    double sum = 0;
    for (int i = 0; i < vocabulary.size(); i++) {
      sum += Math.exp(logits[offset + i] - peak);
    }
    double logSum = peak + Math.log(sum);
    int rank = 1;
    for (int i = 0; i < vocabulary.size(); i++) {
      rank += logits[offset + i] > logits[offset + id] ? 1 : 0;
    }
    List<TokenLogprob.Alternative> top = new ArrayList<>();
    for (int best : best(logits, offset, vocabulary.characterCount(), alternatives)) {
      top.add(
          new TokenLogprob.Alternative(vocabulary.decode(best), logits[offset + best] - logSum));
    }
    return new TokenLogprob(vocabulary.decode(id), logits[offset + id] - logSum, rank, top);
  }

  /** Returns the ids of the largest logits, best first; of equal logits, the smallest id first. */
  private static int[] best(float[] logits, int offset, int size, int count) {
    int[] best = new int[Math.min(count, size)];
    int found = 0;
    for (int id = 0; id < size && best.length > 0; id++) {
      float logit = logits[offset + id];
      if (found == best.length && logit <= logits[offset + best[found - 1]]) {
        continue;
      }
      int rank = found < best.length ? found++ : found - 1;
      while (rank > 0 && logits[offset + best[rank - 1]] < logit) {
        best[rank] = best[rank - 1];
        rank--;
      }
      best[rank] = id;
    }
    return best;
  }
}
