package folio.inference.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import java.util.function.Predicate;

/**
 * The requests that wait for slots. A free slot goes to the client that has the fewest; the
 * requests of one client are served in the order of their arrival (but see {@link #next}). Each
 * sequence of a request takes one slot. The bound is on all sequences that run and wait together,
 * so a request that only waits for a worker's next iteration takes no place in the queue. Safe for
 * use by any thread.
 */
final class AdmissionQueue {
  /**
   * The number of released slots from which {@link #retryAfter} estimates: enough to span a burst.
   */
  private static final int MAX_RELEASES = 128;

  private static final Duration MIN_WAIT = Duration.ofSeconds(1);
  private static final Duration MAX_WAIT = Duration.ofMinutes(1);

  /** The number of requests that may overtake a group that needs several free slots. */
  private static final int MAX_OVERTAKING = 64;

  private static final Next NO_NEXT = new Next(null, WorkerAllocator.NONE, false);

  private final int slots;
  private final int slotsPerClient;
  private final int capacity;
  private final WorkerAllocator workers;
  private final ArrayDeque<QueuedRequest> queue = new ArrayDeque<>();
  private final ArrayDeque<Long> releasedNanos = new ArrayDeque<>();
  private final ClientShares shares = new ClientShares();
  private int waitingSlots;
  private int overtaken;
  private int openSequences;
  private IntConsumer setNextListener = worker -> {};

  /**
   * Creates an empty queue.
   *
   * @param slots the largest number of sequences that run at once
   * @param slotsPerClient the largest number of them that run for one client
   * @param capacity the largest number of sequences that wait while all slots are busy
   */
  AdmissionQueue(int slots, int slotsPerClient, int capacity, WorkerSettings workers) {
    this.slots = slots;
    this.slotsPerClient = slotsPerClient;
    this.capacity = capacity;
    this.workers = new WorkerAllocator(slots, workers);
  }

  /** Sets the listener that receives the worker that has a request to take; it must be quick. */
  synchronized void setNextListener(IntConsumer listener) {
    setNextListener = listener;
  }

  /**
   * Sets the source of the number of sequences that a worker decodes with the persistent kernel.
   */
  synchronized void setFusedSlotsSource(IntSupplier source) {
    workers.setFusedSlotsSource(source);
  }

  /**
   * The next request that is taken.
   *
   * @param overtakes whether another one is first in line and does not fit
   */
  private record Next(QueuedRequest request, int worker, boolean overtakes) {}

  /** Adds a request, or returns false if the queue is full. */
  synchronized boolean offer(QueuedRequest request) {
    return offer(List.of(request));
  }

  /** Adds all requests, or returns false if the queue has no room for all of them. */
  synchronized boolean offer(List<QueuedRequest> requests) {
    int more = requests.stream().mapToInt(QueuedRequest::slots).sum();
    if (waitingSlots + running() + more > maxRequests()) {
      return false;
    }
    queue.addAll(requests);
    waitingSlots += more;
    notifyNextWorker();
    return true;
  }

  /** Returns the largest number of sequences that run and wait at once. */
  int maxRequests() {
    return slots + capacity;
  }

  /**
   * Takes the next request, which counts as running from now on. Returns null if there is none, or
   * another worker is to take it.
   */
  synchronized QueuedRequest poll(int worker) {
    Next next = next();
    if (next.worker() != worker) {
      return null;
    }
    QueuedRequest taken = next.request();
    overtaken = next.overtakes() ? overtaken + 1 : 0;
    queue.remove(taken);
    waitingSlots -= taken.slots();
    workers.acquire(worker, taken.slots());
    shares.add(taken.client(), taken.slots());
    openSequences += taken.slots();
    notifyNextWorker();
    return taken;
  }

  /** Returns whether a worker has a request to take. */
  synchronized boolean hasNextFor(int worker) {
    return next().worker() == worker;
  }

  /**
   * Returns the first waiting request that fits on a worker, with that worker. A request that needs
   * several slots waits until all of them are free; meanwhile a bounded number of later requests
   * overtake it.
   */
  private Next next() {
    if (running() >= slots) {
      return NO_NEXT;
    }
    boolean overtakes = false;
    for (QueuedRequest request : inLine()) {
      int worker = workers.workerFor(request);
      if (worker != WorkerAllocator.NONE) {
        return new Next(request, worker, overtakes);
      }
      if (overtaken >= MAX_OVERTAKING) {
        return NO_NEXT;
      }
      overtakes = true;
    }
    return NO_NEXT;
  }

  /**
   * Returns the requests of clients below their limit; first those of the clients with the fewest
   * slots, and among equals in the order of arrival.
   */
  private Collection<QueuedRequest> inLine() {
    QueuedRequest first = queue.peekFirst();
    if (slotsPerClient >= slots
        && queue.stream().allMatch(request -> request.client().equals(first.client()))) {
      return queue;
    }
    return queue.stream()
        .filter(request -> shares.of(request.client()) + request.slots() <= slotsPerClient)
        .sorted(Comparator.comparingInt(request -> shares.of(request.client())))
        .toList();
  }

  private void notifyNextWorker() {
    Next next = next();
    if (next.request() != null) {
      setNextListener.accept(next.worker());
    }
  }

  /** Returns the largest number of sequences in a request. */
  int maxGroupSize() {
    return Math.min(slotsPerClient, workers.maxPerWorker());
  }

  /** Returns the largest number of sequences on a worker that has no fused decoder. */
  int maxPerWorker() {
    return workers.maxPerWorker();
  }

  /** Returns how many sequences run. */
  synchronized int running() {
    return workers.running();
  }

  /** Releases the slots of a request that was taken and is not run after all. */
  synchronized void releaseUnused(int worker, QueuedRequest taken) {
    workers.release(worker, taken.slots());
    shares.remove(taken.client(), taken.slots());
    openSequences -= taken.slots();
    notifyAll();
    notifyNextWorker();
  }

  /** Releases a slot whose sequence has ended. */
  synchronized void releaseSlot(int worker, String client) {
    workers.release(worker, 1);
    shares.remove(client, 1);
    if (releasedNanos.size() == MAX_RELEASES) {
      releasedNanos.removeFirst();
    }
    releasedNanos.addLast(System.nanoTime());
    notifyNextWorker();
  }

  /** Records that the stream of a released slot's sequence has ended. */
  synchronized void sequenceEnded() {
    openSequences--;
    notifyAll();
  }

  /**
   * Waits until no request waits or runs, and every client has received the end of its stream.
   *
   * @return false if the time was up first
   */
  synchronized boolean awaitIdle(Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (!queue.isEmpty() || openSequences > 0) {
      long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
  }

  /**
   * Estimates when a request that arrives now would get a slot, from the rate at which slots were
   * released of late: 1 second to 1 minute, and 1 second while the rate is unknown.
   */
  synchronized Duration retryAfter() {
    if (releasedNanos.isEmpty()) {
      return MIN_WAIT;
    }
    long nanosEach = (System.nanoTime() - releasedNanos.getFirst()) / releasedNanos.size();
    Duration wait = Duration.ofNanos(nanosEach * (waitingSlots + 1));
    return wait.compareTo(MIN_WAIT) < 0 ? MIN_WAIT : wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait;
  }

  /** Removes and returns every waiting request that a condition holds for. */
  synchronized List<QueuedRequest> removeIf(Predicate<QueuedRequest> condition) {
    List<QueuedRequest> removed = new ArrayList<>();
    Iterator<QueuedRequest> each = queue.iterator();
    while (each.hasNext()) {
      QueuedRequest request = each.next();
      if (condition.test(request)) {
        each.remove();
        waitingSlots -= request.slots();
        removed.add(request);
      }
    }
    notifyNextWorker(); // a request that waited behind them may fit now
    notifyAll();
    return removed;
  }

  /** Returns how many slots the waiting requests need. */
  synchronized int size() {
    return waitingSlots;
  }

  int capacity() {
    return capacity;
  }
}
