package folio.inference.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/** Requests that wait for a slot, first come first served, never more than its capacity. */
final class AdmissionQueue {
  private final int capacity;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();

  /**
   * An empty queue.
   *
   * @param capacity how many may wait
   */
  AdmissionQueue(int capacity) {
    this.capacity = capacity;
  }

  /** Adds a request, or returns false because it is full. */
  synchronized boolean offer(Waiting request) {
    if (waiting.size() >= capacity) {
      return false;
    }
    waiting.addLast(request);
    return true;
  }

  /** The request that has waited longest, or null. */
  synchronized Waiting poll() {
    return waiting.pollFirst();
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
