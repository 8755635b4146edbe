package folio.inference.engine;

import java.util.Arrays;

/** The ids of a prompt, and how many of them have been read. Owned by a worker. */
final class PrefillCursor {
  private final int[] ids;
  private int position;

  private PrefillCursor(int[] ids, int position) {
    this.ids = ids;
    this.position = position;
  }

  /** Returns a cursor before the first id. */
  static PrefillCursor atStart(int[] ids) {
    return new PrefillCursor(ids, 0);
  }

  /** Returns a cursor after the last id. */
  static PrefillCursor atEnd(int[] ids) {
    return new PrefillCursor(ids, ids.length);
  }

  /** Returns the length of the prompt. */
  int length() {
    return ids.length;
  }

  /** Returns how many ids are still to be read. */
  int remaining() {
    return ids.length - position;
  }

  /** Returns whether every id has been read. */
  boolean isAtEnd() {
    return position == ids.length;
  }

  /** Returns the id at an index of the prompt. */
  int idAt(int index) {
    return ids[index];
  }

  /** Returns the index of the id that is read next. */
  int position() {
    return position;
  }

  /** Copies the next ids and advances past them. */
  void read(long[] to, int offset, int count) {
    for (int i = 0; i < count; i++) {
      to[offset + i] = ids[position + i];
    }
    position += count;
  }

  /**
   * Advances past the next id, if there is one, because a step has read it.
   *
   * @return whether the step led to another id of the prompt, so that no token was written
   */
  boolean step() {
    if (isAtEnd()) {
      return false;
    }
    position++;
    return !isAtEnd();
  }

  /**
   * Returns the number of remaining steps whose output is an id of the prompt, not a sampled one.
   */
  int forcedSteps() {
    return Math.max(0, remaining() - 1);
  }

  /**
   * Returns the ids of the prompt that a launch's steps lead to; they are forced, not drawn.
   *
   * @param pending steps that a launch has done and the cursor has not counted yet
   * @param count steps that follow them
   */
  int[] forced(int pending, int count) {
    int from = Math.min(position + 1 + pending, ids.length);
    return Arrays.copyOfRange(ids, from, Math.min(from + count, ids.length));
  }
}
