package folio.inference.generation;

import java.util.List;

/**
 * The log-probability of a character under the distribution of the network, before temperature,
 * truncation and penalties.
 *
 * @param token the character
 * @param logprob the natural logarithm of its probability
 * @param rank its rank among all characters; 1 is the most likely one
 * @param top the most likely characters at this position, best first; empty if the request asks for
 *     none
 */
public record TokenLogprob(String token, double logprob, int rank, List<Alternative> top) {
  private static final long BYTES = 96;
  private static final long BYTES_PER_ALTERNATIVE = 32;

  /** A character that could stand at the same position. */
  public record Alternative(String token, double logprob) {}

  /** Returns about how much memory the entry takes; its characters belong to the vocabulary. */
  long bytes() {
    return BYTES + BYTES_PER_ALTERNATIVE * top.size();
  }
}
