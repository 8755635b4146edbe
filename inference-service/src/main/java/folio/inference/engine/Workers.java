package folio.inference.engine;

import folio.inference.decoding.Decoder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The threads that share a turn's work with the decode thread. They wait without spinning, so that
 * the threads that write to clients find a core.
 */
final class Workers implements AutoCloseable {
  private final int threads;
  private final ExecutorService others;

  /**
   * Starts threads.
   *
   * @param threads how many work at once, the caller of {@link #run} included
   */
  Workers(int threads) {
    this.threads = threads;
    AtomicInteger number = new AtomicInteger();
    this.others =
        Executors.newFixedThreadPool(
            Math.max(1, threads - 1),
            task -> {
              Thread thread =
                  new Thread(
                      () -> {
                        Decoder.prepareThread();
                        task.run();
                      },
                      "decode-worker-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  int threads() {
    return threads;
  }

  /**
   * Runs tasks, each once, and returns when all have ended.
   *
   * @throws RuntimeException what one of them failed with; an error likewise
   */
  void run(List<Runnable> tasks) {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Runnable share =
        () -> {
          for (int i = next.getAndIncrement(); i < tasks.size(); i = next.getAndIncrement()) {
            try {
              tasks.get(i).run();
            } catch (RuntimeException | Error e) {
              failure.compareAndSet(null, e);
            }
          }
        };
    List<Future<?>> shares = new ArrayList<>();
    for (int i = 1; i < Math.min(threads, tasks.size()); i++) {
      shares.add(others.submit(share));
    }
    share.run();
    shares.forEach(Workers::join);
    if (failure.get() instanceof Error error) {
      throw error;
    }
    if (failure.get() instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** Waits also if interrupted: the tasks use memory that the caller frees next. */
  private static void join(Future<?> share) {
    boolean interrupted = false;
    while (!share.isDone()) {
      try {
        share.get();
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        throw new IllegalStateException("a share catches what its tasks throw", e);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
