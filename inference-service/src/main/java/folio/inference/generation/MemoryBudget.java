package folio.inference.generation;

import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bound on the memory that clients occupy by sending or reading slowly: bodies that are not
 * complete, and answers that have not been read. While more is held than the bound allows, the
 * holder of the largest share is asked to free it. Safe for any thread.
 */
public final class MemoryBudget {
  private final long maxBytes;
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong evictions = new AtomicLong();

  /** The shares that hold something. */
  private final Set<Share> shares = ConcurrentHashMap.newKeySet();

  /**
   * Creates a budget of which nothing is held.
   *
   * @param maxBytes the bound in bytes
   */
  public MemoryBudget(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Creates a budget that is never exceeded. */
  public static MemoryBudget unlimited() {
    return new MemoryBudget(Long.MAX_VALUE);
  }

  /** The owner of a share. Any thread may call it, so it must be quick. */
  public interface Owner {
    /** Frees what it can free while its client still receives an error, and ends the exchange. */
    void evict();

    /** Closes the connection, because {@link #evict} did not free enough. */
    void disconnect();
  }

  /** Creates a share that holds nothing. */
  public Share open(Owner owner) {
    return new Share(owner);
  }

  /** Returns the bound in bytes. */
  public long maxBytes() {
    return maxBytes;
  }

  /** Returns how many bytes are held. */
  public long bytes() {
    return bytes.get();
  }

  /** Returns how many shares have been evicted. */
  public long evictions() {
    return evictions.get();
  }

  private void evictWhileExceeded() {
    while (bytes.get() > maxBytes) {
      Share largest =
          shares.stream().max(Comparator.comparingLong(share -> share.held)).orElse(null);
      if (largest == null) {
        return; // another thread has freed the last share
      }
      largest.evict();
    }
  }

  /** The bytes that one exchange with a client holds. */
  public final class Share {
    private final Owner owner;
    private volatile long held;
    private boolean evicted;
    private boolean closed;

    private Share(Owner owner) {
      this.owner = owner;
    }

    /** Adds bytes, and evicts the largest shares while the budget is exceeded. */
    public void add(long more) {
      if (change(more)) {
        evictWhileExceeded();
      }
    }

    /** Removes bytes that {@link #add} added. */
    public void release(long fewer) {
      change(-fewer);
    }

    /** Removes all bytes for good. */
    public synchronized void close() {
      change(-held);
      closed = true;
    }

    private synchronized boolean change(long difference) {
      if (closed || difference == 0) {
        return false;
      }
      held += difference;
      bytes.addAndGet(difference);
      if (held == 0) {
        shares.remove(this);
      } else {
        shares.add(this);
      }
      return difference > 0;
    }

    private void evict() {
      boolean again;
      synchronized (this) {
        again = evicted;
        evicted = true;
      }
      if (!again) {
        evictions.incrementAndGet();
        owner.evict();
      } else {
        close();
        owner.disconnect();
      }
    }
  }
}
