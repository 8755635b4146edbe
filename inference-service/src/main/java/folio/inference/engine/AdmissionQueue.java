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
  private static final int MAX_PASSING = 64;

  /** Every lane has room for as many choices of one prompt. */
  private static final int TOGETHER = 16;

  private static final Next NOBODY = new Next(null, -1);

  private final int slots;
  private final int capacity;
  private final WorkerSettings workers;
  private final ArrayDeque<QueuedRequest> waiting = new ArrayDeque<>();
  private final ArrayDeque<Long> departedNanos = new ArrayDeque<>();
  private final int[] running;
  private int awaited;
  private int passed;
  private int unended;
  private IntConsumer wake = worker -> {};
  private IntSupplier fusedSlots = () -> 0;

  /**
   * An empty queue.
   *
   * @param slots how many may run
   * @param capacity how many may wait while all slots are busy
   */
  AdmissionQueue(int slots, int capacity, WorkerSettings workers) {
    this.slots = slots;
    this.capacity = capacity;
    this.workers = workers;
    this.running = new int[workers.count()];
  }

  /** Sets what is called, quickly, whenever a lane has a request to take. */
  synchronized void onNext(IntConsumer listener) {
    wake = listener;
  }

  /** Sets what tells how many requests a chip decodes at once, which lanes would wait for. */
  synchronized void fused(IntSupplier places) {
    fusedSlots = places;
  }

  /** Who gets a slot next, and of which lane. */
  private record Next(QueuedRequest waiting, int worker) {}

  /** Adds a request, or returns false because it is full. */
  synchronized boolean offer(QueuedRequest request) {
    return offer(List.of(request));
  }

  /** Adds requests, all or none. */
  synchronized boolean offer(List<QueuedRequest> requests) {
    int more = requests.stream().mapToInt(QueuedRequest::slots).sum();
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
  synchronized QueuedRequest poll(int worker) {
    Next next = next();
    if (next.worker() != worker) {
      return null;
    }
    QueuedRequest taken = next.waiting();
    passed = taken.equals(waiting.peekFirst()) ? 0 : passed + 1;
    waiting.remove(taken);
    awaited -= taken.slots();
    running[worker] += taken.slots();
    unended += taken.slots();
    wakeNext();
    return taken;
  }

  /** Whether a lane has a request to take. */
  synchronized boolean waitsFor(int worker) {
    return next().worker() == worker;
  }

  /**
   * The one that has waited longest. While the choices of one prompt wait until there is room for
   * all of them, a bounded number of others that fit go before.
   */
  private Next next() {
    for (QueuedRequest request : waiting) {
      int worker = workerFor(request);
      if (worker >= 0) {
        return new Next(request, worker);
      }
      if (running() >= slots || passed >= MAX_PASSING) {
        return NOBODY;
      }
    }
    return NOBODY;
  }

  /** Few requests share a lane; many are spread evenly. Negative if there is no room. */
  private int workerFor(QueuedRequest request) {
    int needed = request.slots();
    if (running() + needed > slots) {
      return NOBODY.worker();
    }
    int fused = request.decodesFused() ? fusedSlots.getAsInt() : 0;
    int minRowsPerWorker = Math.max(workers.minRowsPerWorker(), fused);
    int smallest = 0;
    for (int worker = 0; worker < running.length; worker++) {
      if (running[worker] > 0 && running[worker] + needed <= minRowsPerWorker) {
        return worker;
      }
      smallest = running[worker] < running[smallest] ? worker : smallest;
    }
    return running[smallest] + needed <= maxPerWorker() ? smallest : NOBODY.worker();
  }

  private void wakeNext() {
    Next next = next();
    if (next.waiting() != null) {
      wake.accept(next.worker());
    }
  }

  /** Most requests that a lane has where there is no chip, which may have more. */
  int maxPerWorker() {
    int share = (slots + workers.count() - 1) / workers.count();
    return Math.min(slots, Math.max(TOGETHER, Math.max(workers.minRowsPerWorker(), share)));
  }

  /** How many run. */
  synchronized int running() {
    return Arrays.stream(running).sum();
  }

  /** What was taken is not run after all. */
  synchronized void returned(int worker, QueuedRequest taken) {
    running[worker] -= taken.slots();
    unended -= taken.slots();
    notifyAll();
    wakeNext();
  }

  /** A slot came free. */
  synchronized void left(int worker) {
    running[worker]--;
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
  synchronized List<QueuedRequest> removeIf(Predicate<QueuedRequest> condition) {
    List<QueuedRequest> removed = new ArrayList<>();
    Iterator<QueuedRequest> each = waiting.iterator();
    while (each.hasNext()) {
      QueuedRequest request = each.next();
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
