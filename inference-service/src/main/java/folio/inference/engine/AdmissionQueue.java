package folio.inference.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Requests that wait for a slot, first come first served. Those for whom a slot is free wait only
 * until the next turn and do not count: the bound is on all that run and wait together.
 */
final class AdmissionQueue {
  /** Enough to see past a burst. */
  private static final int DEPARTURES = 128;

  private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  private final int slots;
  private final int capacity;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final ArrayDeque<Long> departedNanos = new ArrayDeque<>();
  private int running;

  /**
   * An empty queue.
   *
   * @param slots how many may run
   * @param capacity how many may wait while all slots are busy
   */
  AdmissionQueue(int slots, int capacity) {
    this.slots = slots;
    this.capacity = capacity;
  }

  /** Adds a request, or returns false because it is full. */
  synchronized boolean offer(Waiting request) {
    if (waiting.size() + running >= slots + capacity) {
      return false;
    }
    waiting.addLast(request);
    return true;
  }

  /** The request that has waited longest, or null; it counts as running from now on. */
  synchronized Waiting poll() {
    Waiting first = waiting.pollFirst();
    running += first == null ? 0 : 1;
    return first;
  }

  /** How many run: those taken out since the last turn, and those that it left running. */
  synchronized int running() {
    return running;
  }

  /** Tells how many really run, after a turn. */
  synchronized void running(int count) {
    running = count;
  }

  /** Tells that a slot came free. */
  synchronized void left() {
    if (departedNanos.size() == DEPARTURES) {
      departedNanos.removeFirst();
    }
    departedNanos.addLast(System.nanoTime());
  }

  /**
   * When a request that comes now would get a slot, if slots go on to come free as they did of
   * late: between a second and a minute, a second while nothing is known.
   */
  synchronized Duration retryAfter() {
    if (departedNanos.isEmpty()) {
      return SHORTEST_WAIT;
    }
    long nanosEach = (System.nanoTime() - departedNanos.getFirst()) / departedNanos.size();
    Duration wait = Duration.ofNanos(nanosEach * (waiting.size() + 1));
    return wait.compareTo(SHORTEST_WAIT) < 0
        ? SHORTEST_WAIT
        : wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }

  /** Takes out every request that a condition holds for. */
  synchronized List<Waiting> removeIf(Predicate<Waiting> condition) {
    List<Waiting> removed = new ArrayList<>();
    Iterator<Waiting> each = waiting.iterator();
    while (each.hasNext()) {
      Waiting request = each.next();
      if (condition.test(request)) {
        each.remove();
        removed.add(request);
      }
    }
    return removed;
  }

  /** How many wait. */
  synchronized int size() {
    return waiting.size();
  }

  int capacity() {
    return capacity;
  }
}
