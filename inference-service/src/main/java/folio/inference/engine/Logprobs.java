package folio.inference.engine;

import folio.inference.generation.TokenLogprob;
import folio.model.vocabulary.Vocabulary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

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
    if (alternatives > 0) {
      IntStream.range(0, vocabulary.size())
          .boxed()
          .sorted(Comparator.comparingDouble(i -> -logits[offset + i]))
          .limit(alternatives)
          .forEach(
              i ->
                  top.add(
                      new TokenLogprob.Alternative(
                          vocabulary.decode(i), logits[offset + i] - logSum)));
    }
    return new TokenLogprob(vocabulary.decode(id), logits[offset + id] - logSum, rank, top);
  }
}
