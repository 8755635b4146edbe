package folio.inference.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.Predicate;

/**
 * Requests that wait for a slot, first come first served, and which lane is to take the next. Those
 * for whom a slot is free wait only until that lane's next turn and do not count: the bound is on
 * all that run and wait together. Safe for use by any thread.
 */
final class AdmissionQueue {
  /** Enough to see past a burst. */
  private static final int DEPARTURES = 128;

  private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
  private static final int NOBODY = -1;

  private final int slots;
  private final int capacity;
  private final Lanes lanes;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final ArrayDeque<Long> departedNanos = new ArrayDeque<>();
  private final int[] running;
  private int awaited;
  private int unended;
  private IntConsumer wake = lane -> {};

  /**
   * An empty queue.
   *
   * @param slots how many may run
   * @param capacity how many may wait while all slots are busy
   */
  AdmissionQueue(int slots, int capacity, Lanes lanes) {
    this.slots = slots;
    this.capacity = capacity;
    this.lanes = lanes;
    this.running = new int[lanes.count()];
  }

  /** Sets what is called, quickly, whenever a lane has a request to take. */
  synchronized void onNext(IntConsumer listener) {
    wake = listener;
  }

  /** Adds a request, or returns false because it is full. */
  synchronized boolean offer(Waiting request) {
    if (awaited + running() + request.slots() > slots + capacity) {
      return false;
    }
    waiting.addLast(request);
    awaited += request.slots();
    wakeNext();
    return true;
  }

  /**
   * The request that has waited longest, or null if there is none or another lane is to take it; it
   * counts as running from now on.
   */
  synchronized Waiting poll(int lane) {
    if (next() != lane) {
      return null;
    }
    Waiting taken = waiting.pollFirst();
    awaited -= taken.slots();
    running[lane] += taken.slots();
    unended += taken.slots();
    wakeNext();
    return taken;
  }

  /** Whether a lane has a request to take. */
  synchronized boolean waitsFor(int lane) {
    return next() == lane;
  }

  /** Few requests share a lane; many are spread evenly. */
  private int next() {
    if (waiting.isEmpty() || running() + waiting.getFirst().slots() > slots) {
      return NOBODY;
    }
    int room = mostInALane() - waiting.getFirst().slots();
    int smallest = 0;
    for (int lane = 0; lane < running.length; lane++) {
      if (running[lane] > 0 && running[lane] < lanes.rowsWorthOne() && running[lane] <= room) {
        return lane;
      }
      smallest = running[lane] < running[smallest] ? lane : smallest;
    }
    return running[smallest] <= room ? smallest : NOBODY;
  }

  private void wakeNext() {
    int next = next();
    if (next != NOBODY) {
      wake.accept(next);
    }
  }

  /** Most requests that a lane ever has. */
  int mostInALane() {
    int share = (slots + lanes.count() - 1) / lanes.count();
    return Math.min(slots, Math.max(lanes.rowsWorthOne(), share));
  }

  /** How many run. */
  synchronized int running() {
    return Arrays.stream(running).sum();
  }

  /** What was taken is not run after all. */
  synchronized void returned(int lane, Waiting taken) {
    running[lane] -= taken.slots();
    unended -= taken.slots();
    notifyAll();
    wakeNext();
  }

  /** A slot came free. */
  synchronized void left(int lane) {
    running[lane]--;
    if (departedNanos.size() == DEPARTURES) {
      departedNanos.removeFirst();
    }
    departedNanos.addLast(System.nanoTime());
    wakeNext();
  }

  /** The client of one that {@link #left} knows how it ended. */
  synchronized void ended() {
    unended--;
    notifyAll();
  }

  /**
   * Waits until nothing waits or runs, and every client knows.
   *
   * @return whether it came to that within the time
   */
  synchronized boolean awaitIdle(Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (!waiting.isEmpty() || unended > 0) {
      long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
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
    Duration wait = Duration.ofNanos(nanosEach * (awaited + 1));
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
        awaited -= request.slots();
        removed.add(request);
      }
    }
    notifyAll();
    return removed;
  }

  /** How many slots are waited for. */
  synchronized int size() {
    return awaited;
  }

  int capacity() {
    return capacity;
  }
}
