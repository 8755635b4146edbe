package folio.trainer.corpus;

import com.sun.jna.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A long list of small numbers outside the Java heap, of which each takes as few bytes as the
 * largest one of its segment needs: 1, 2 or 4. Numbers are only ever appended. Owned by one thread
 * while it is filled; afterwards safe for use by any thread.
 *
 * <p>The memory is neither heap nor direct memory of Java, so {@code -Xmx} does not limit it. It is
 * released when the store is no longer reachable.
 */
final class CharacterStore {
  private static final int SEGMENT_BITS = 20;

  private static final double MB = 1e6;

  /** The number of numbers in a segment. */
  private static final int SEGMENT = 1 << SEGMENT_BITS;

  private final List<Segment> segments = new ArrayList<>();
  private Segment last;
  private int inLast = SEGMENT;

  /** Numbers of one width. The buffer keeps its native memory alive. */
  private static final class Segment {
    private final ByteBuffer values;
    private final int shift;
    private final long limit;

    /** Creates a segment whose numbers take {@code 1 << shift} bytes each. */
    Segment(int shift) {
      this.shift = shift;
      this.limit = 1L << (8 << shift);
      long bytes = (long) SEGMENT << shift;
      this.values = new Memory(bytes).getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
    }

    int get(int index) {
      return switch (shift) {
        case 0 -> values.get(index) & 0xff;
        case 1 -> values.getChar(index << 1);
        default -> values.getInt(index << 2);
      };
    }

    void put(int index, int number) {
      switch (shift) {
        case 0 -> values.put(index, (byte) number);
        case 1 -> values.putChar(index << 1, (char) number);
        default -> values.putInt(index << 2, number);
      }
    }

    /** Copies the first numbers to a wider segment and returns it. */
    Segment widenedInto(Segment wider, int count) {
      for (int i = 0; i < count; i++) {
        wider.put(i, get(i));
      }
      return wider;
    }
  }

  /**
   * Appends a number.
   *
   * @param number 0 or more
   */
  void add(int number) {
    if (inLast == SEGMENT) {
      last = segment(last == null ? 0 : last.shift);
      segments.add(last);
      inLast = 0;
    }
    while (number >= last.limit) {
      last = last.widenedInto(segment(last.shift + 1), inLast);
      segments.set(segments.size() - 1, last);
    }
    last.put(inLast++, number);
  }

  /**
   * Allocates a segment.
   *
   * @throws CorpusException if there is not enough memory
   */
  private Segment segment(int shift) {
    try {
      return new Segment(shift);
    } catch (OutOfMemoryError e) {
      throw new CorpusException(
          String.format(
              "memory ran out while the text was read: its first %,d characters take %.0f MB"
                  + " outside Java's heap; free some memory, or train on a part of the text",
              size(), bytes() / MB),
          e);
    }
  }

  /** Returns the size of all segments in bytes. */
  long bytes() {
    return segments.stream().mapToLong(segment -> (long) SEGMENT << segment.shift).sum();
  }

  /** Returns how many numbers there are. */
  long size() {
    return last == null ? 0 : ((long) (segments.size() - 1) << SEGMENT_BITS) + inLast;
  }

  /** Returns a number by its index, which must be below the size. */
  int get(long index) {
    return segments.get((int) (index >> SEGMENT_BITS)).get((int) index & (SEGMENT - 1));
  }
}
