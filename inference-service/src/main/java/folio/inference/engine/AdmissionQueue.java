package folio.inference.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import java.util.function.Predicate;

/**
 * Requests that wait for a slot, first come first served (but see {@link #next}), and which lane is
 * to take the next. Those for whom a slot is free wait only until that lane's next turn and do not
 * count: the bound is on all that run and wait together. Safe for use by any thread.
 */
final class AdmissionQueue {
  /** Enough to see past a burst. */
  private static final int DEPARTURES = 128;

  private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  /** So many may go before choices that wait until there is room for all of them. */
  private static final int MOST_PASSING = 64;

  /** Every lane has room for as many choices of one prompt. */
  private static final int TOGETHER = 16;

  private static final Next NOBODY = new Next(null, -1);

  private final int slots;
  private final int capacity;
  private final Lanes lanes;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final ArrayDeque<Long> departedNanos = new ArrayDeque<>();
  private final int[] running;
  private int awaited;
  private int passed;
  private int unended;
  private IntConsumer wake = lane -> {};
  private IntSupplier placesOnChip = () -> 0;

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

  /** Sets what tells how many requests a chip decodes at once, which lanes would wait for. */
  synchronized void onChip(IntSupplier places) {
    placesOnChip = places;
  }

  /** Who gets a slot next, and of which lane. */
  private record Next(Waiting waiting, int lane) {}

  /** Adds a request, or returns false because it is full. */
  synchronized boolean offer(Waiting request) {
    return offer(List.of(request));
  }

  /** Adds requests, all or none. */
  synchronized boolean offer(List<Waiting> requests) {
    int more = requests.stream().mapToInt(Waiting::slots).sum();
    if (awaited + running() + more > most()) {
      return false;
    }
    waiting.addAll(requests);
    awaited += more;
    wakeNext();
    return true;
  }

  /** How many may run and wait. */
  int most() {
    return slots + capacity;
  }

  /**
   * The request that is next, or null if there is none or another lane is to take it; it counts as
   * running from now on.
   */
  synchronized Waiting poll(int lane) {
    Next next = next();
    if (next.lane() != lane) {
      return null;
    }
    Waiting taken = next.waiting();
    passed = taken.equals(waiting.peekFirst()) ? 0 : passed + 1;
    waiting.remove(taken);
    awaited -= taken.slots();
    running[lane] += taken.slots();
    unended += taken.slots();
    wakeNext();
    return taken;
  }

  /** Whether a lane has a request to take. */
  synchronized boolean waitsFor(int lane) {
    return next().lane() == lane;
  }

  /**
   * The one that has waited longest. While the choices of one prompt wait until there is room for
   * all of them, a bounded number of others that fit go before.
   */
  private Next next() {
    for (Waiting request : waiting) {
      int lane = laneFor(request);
      if (lane >= 0) {
        return new Next(request, lane);
      }
      if (running() >= slots || passed >= MOST_PASSING) {
        return NOBODY;
      }
    }
    return NOBODY;
  }

  /** Few requests share a lane; many are spread evenly. Negative if there is no room. */
  private int laneFor(Waiting request) {
    int needed = request.slots();
    if (running() + needed > slots) {
      return NOBODY.lane();
    }
    int onChip = request.decodesOnChip() ? placesOnChip.getAsInt() : 0;
    int rowsWorthOne = Math.max(lanes.rowsWorthOne(), onChip);
    int smallest = 0;
    for (int lane = 0; lane < running.length; lane++) {
      if (running[lane] > 0 && running[lane] + needed <= rowsWorthOne) {
        return lane;
      }
      smallest = running[lane] < running[smallest] ? lane : smallest;
    }
    return running[smallest] + needed <= mostInALane() ? smallest : NOBODY.lane();
  }

  private void wakeNext() {
    Next next = next();
    if (next.waiting() != null) {
      wake.accept(next.lane());
    }
  }

  /** Most requests that a lane has where there is no chip, which may have more. */
  int mostInALane() {
    int share = (slots + lanes.count() - 1) / lanes.count();
    return Math.min(slots, Math.max(TOGETHER, Math.max(lanes.rowsWorthOne(), share)));
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
    wakeNext(); // one that waited behind them
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
