package folio.inference.engine;

import java.util.List;

/**
 * Finds the stop sequences of a request in its text. It holds text back while that may still become
 * a stop sequence, so that no part of one is ever sent. Owned by a worker.
 */
final class StopSequences {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  StopSequences(List<String> stops) {
    this.stops = stops;
  }

  /** Adds text, and returns the text that can be sent now. */
  String accept(String more) {
    if (stops.isEmpty()) {
      return more;
    }
    held.append(more);
    for (String stop : stops) {
      if (endsWith(stop, stop.length())) {
        stopped = true;
        String before = held.substring(0, held.length() - stop.length());
        held.setLength(0);
        return before;
      }
    }
    int undecided = longestUndecided();
    String decided = held.substring(0, held.length() - undecided);
    held.delete(0, decided.length());
    return decided;
  }

  /** Returns whether a stop sequence has come. */
  boolean stopped() {
    return stopped;
  }

  /** Returns the text that is still held back, when the generation ends for another reason. */
  String flush() {
    String rest = held.toString();
    held.setLength(0);
    return rest;
  }

  /** Returns the length of the longest end of the text that begins a stop sequence. */
  private int longestUndecided() {
    int longest = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
        if (endsWith(stop, length)) {
          longest = length;
        }
      }
    }
    return longest;
  }

  private boolean endsWith(String stop, int length) {
    int start = held.length() - length;
    if (start < 0) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (held.charAt(start + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
