package folio.inference.engine;

import java.util.Arrays;

/** What a slot is to read before it writes, and how far it has come. Owned by its lane. */
final class PrefillCursor {
  private final int[] ids;
  private int read;

  /** Nothing of it is read. */
  PrefillCursor(int[] ids) {
    this.ids = ids;
  }

  /** As far as another one is read, which goes on by itself. */
  PrefillCursor(PrefillCursor other) {
    this.ids = other.ids;
    this.read = other.read;
  }

  /** Characters. */
  int length() {
    return ids.length;
  }

  /** Characters that no pass has read. */
  int unread() {
    return ids.length - read;
  }

  /** Whether all of it has been read. */
  boolean isRead() {
    return read == ids.length;
  }

  /** The character at an index. */
  int at(int index) {
    return ids[index];
  }

  /** The index of the character that is read next. */
  int next() {
    return read;
  }

  /** Copies the next unread characters; they are read with it. */
  void read(long[] to, int offset, int count) {
    for (int i = 0; i < count; i++) {
      to[offset + i] = ids[read + i];
    }
    read += count;
  }

  /**
   * A step has read one character, if one was unread.
   *
   * @return whether what follows it is the prompt's: nothing is to be written yet
   */
  boolean step() {
    if (isRead()) {
      return false;
    }
    read++;
    return !isRead();
  }

  /** How many steps lead to characters of its own, before one leads to a first that is written. */
  int stepsWithin() {
    return Math.max(0, unread() - 1);
  }

  /**
   * The characters that steps lead to, as far as they are its own.
   *
   * @param begun steps that have begun and are not counted as read yet
   * @param count steps that follow them
   */
  int[] given(int begun, int count) {
    int from = Math.min(read + 1 + begun, ids.length);
    return Arrays.copyOfRange(ids, from, Math.min(from + count, ids.length));
  }
}
