package folio.trainer.evaluation;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * A filter of generated characters that ends before the first of some texts. It holds back as many
 * characters as may belong to one.
 */
public final class StopFilter implements IntPredicate {
  private final List<String> stops;
  private final Consumer<String> sink;
  private final int longest;
  private final StringBuilder held = new StringBuilder();

  /**
   * Creates a filter.
   *
   * @param sink receives the text before the end, piece by piece
   */
  public StopFilter(List<String> stops, Consumer<String> sink) {
    this.stops = stops;
    this.sink = sink;
    this.longest = stops.stream().mapToInt(String::length).max().orElse(1);
  }

  /** Receives a code point, and returns whether the text ends with it. */
  @Override
  public boolean test(int codePoint) {
    held.appendCodePoint(codePoint);
    for (String stop : stops) {
      int start = held.length() - stop.length();
      if (start >= 0 && held.indexOf(stop, start) == start) {
        held.setLength(start);
        return true;
      }
    }
    int decided = held.length() - (longest - 1);
    if (decided > 0 && Character.isHighSurrogate(held.charAt(decided - 1))) {
      decided--;
    }
    if (decided > 0) {
      sink.accept(held.substring(0, decided));
      held.delete(0, decided);
    }
    return false;
  }

  /** Passes on what is still held back. */
  public void end() {
    sink.accept(held.toString());
    held.setLength(0);
  }
}
