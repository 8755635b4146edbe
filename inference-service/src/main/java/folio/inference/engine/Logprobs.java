package folio.inference.engine;

import folio.inference.generation.TokenLogprob;
import folio.model.vocabulary.Vocabulary;
import java.util.ArrayList;
import java.util.List;

/** Log-probabilities of one position, straight from its logits. */
final class Logprobs {
  private Logprobs() {}

  /**
   * What is told of a character.
   *
   * @param logits holds the V logits of the position
   * @param offset where they begin
   * @param id the character that stands there
   * @param alternatives how many of the most likely ones to tell
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
    for (int best : best(logits, offset, vocabulary.size(), alternatives)) {
      top.add(
          new TokenLogprob.Alternative(vocabulary.decode(best), logits[offset + best] - logSum));
    }
    return new TokenLogprob(vocabulary.decode(id), logits[offset + id] - logSum, rank, top);
  }

  /** The ids of the largest logits, best first; of equal ones the smallest id. */
  private static int[] best(float[] logits, int offset, int size, int count) {
    int[] best = new int[Math.min(count, size)];
    int found = 0;
    for (int id = 0; id < size && best.length > 0; id++) {
      float logit = logits[offset + id];
      if (found == best.length && logit <= logits[offset + best[found - 1]]) {
        continue;
      }
      int place = found < best.length ? found++ : found - 1;
      while (place > 0 && logits[offset + best[place - 1]] < logit) {
        best[place] = best[place - 1];
        place--;
      }
      best[place] = id;
    }
    return best;
  }
}
