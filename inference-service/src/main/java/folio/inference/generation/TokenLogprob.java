package folio.inference.generation;

import java.util.List;

/**
 * How likely a character was, before temperature and the like.
 *
 * @param token the character
 * @param logprob natural logarithm of its probability
 * @param rank 1 if it was the most likely one
 * @param top the most likely characters there, best first; empty if none were asked for
 */
public record TokenLogprob(String token, double logprob, int rank, List<Alternative> top) {
  /** A character that could have stood there. */
  public record Alternative(String token, double logprob) {}
}
