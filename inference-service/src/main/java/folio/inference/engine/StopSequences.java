package folio.inference.engine;

import java.util.List;

/**
 * Holds text back while it may still become one of the stop texts, so that no part of one is ever
 * written.
 */
final class StopSequences {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  StopSequences(List<String> stops) {
    this.stops = stops;
  }

  /** Takes in text and returns what may be written now. */
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

  /** Whether a stop text came. */
  boolean stopped() {
    return stopped;
  }

  /** What was held back and came to nothing: the generation ends otherwise. */
  String flush() {
    String rest = held.toString();
    held.setLength(0);
    return rest;
  }

  /** The length of the longest end of the text that begins a stop text. */
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
