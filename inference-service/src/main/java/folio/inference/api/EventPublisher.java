package folio.inference.api;

import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationStream;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * A generation as a reactive stream. Each item that is asked for takes everything that has come, so
 * a slow reader gets fewer, longer items and nothing piles up. Has one subscriber.
 */
final class EventPublisher<T> implements Flow.Publisher<T>, Flow.Subscription {
  private final GenerationStream stream;
  private final Function<GenerationEvent, List<T>> encoder;
  private final Executor executor;
  private final AtomicLong requested = new AtomicLong();
  private final AtomicInteger rounds = new AtomicInteger();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final ArrayDeque<T> items = new ArrayDeque<>();
  private Flow.Subscriber<? super T> subscriber;
  private GenerationEvent last;
  private boolean ended;
  private volatile boolean cancelled;

  /**
   * A publisher.
   *
   * @param encoder the items of an event; none if it is not written
   * @param executor where items are made and passed on, so that the decode thread does not
   */
  EventPublisher(
      GenerationStream stream, Function<GenerationEvent, List<T>> encoder, Executor executor) {
    this.stream = stream;
    this.encoder = encoder;
    this.executor = executor;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super T> only) {
    this.subscriber = only;
    only.onSubscribe(this);
    stream.onReadable(this::schedule);
  }

  /** Many characters may come before the executor runs: they become one item. */
  private void schedule() {
    if (scheduled.compareAndSet(false, true)) {
      executor.execute(
          () -> {
            scheduled.set(false);
            drain();
          });
    }
  }

  @Override
  public void request(long n) {
    requested.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b);
    drain();
  }

  @Override
  public void cancel() {
    cancelled = true;
    stream.cancel();
  }

  /** One thread at a time passes items on; another that comes meanwhile leaves it a round more. */
  private void drain() {
    if (rounds.getAndIncrement() != 0) {
      return;
    }
    int missed = 1;
    do {
      while (!cancelled && !ended && requested.get() > 0 && emit()) {
        // emit() did one item
      }
      missed = rounds.addAndGet(-missed);
    } while (missed != 0);
  }

  /** Passes on one item, the end, or both; returns whether there may be more. */
  private boolean emit() {
    while (items.isEmpty() && last == null) {
      GenerationEvent event = stream.poll();
      if (event == null) {
        return false;
      }
      items.addAll(encoder.apply(event));
      last = event instanceof GenerationEvent.Text ? null : event;
    }
    if (!items.isEmpty()) {
      requested.decrementAndGet();
      subscriber.onNext(items.poll());
    } else if (last instanceof GenerationEvent.Failed failure) {
      // A form without room for an error breaks off, so that nobody takes the text for whole.
      ended = true;
      subscriber.onError(new IllegalStateException(failure.message()));
      return false;
    }
    if (last != null && items.isEmpty()) {
      ended = true;
      subscriber.onComplete();
    }
    return true;
  }
}
