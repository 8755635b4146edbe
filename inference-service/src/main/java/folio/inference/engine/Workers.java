package folio.inference.engine;

import folio.inference.decoding.Decoder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

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
   * @throws RuntimeException what the first of them failed with
   */
  void run(List<Runnable> tasks) {
    AtomicInteger next = new AtomicInteger();
    Runnable share =
        () -> {
          for (int i = next.getAndIncrement(); i < tasks.size(); i = next.getAndIncrement()) {
            tasks.get(i).run();
          }
        };
    List<Future<?>> shares = new ArrayList<>();
    for (int i = 1; i < Math.min(threads, tasks.size()); i++) {
      shares.add(others.submit(share));
    }
    Throwable failure = null;
    try {
      share.run();
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    for (Future<?> each : shares) {
      failure = join(each, failure);
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw (RuntimeException) failure;
    }
  }

  /** Waits also if interrupted: the tasks use memory that the caller frees next. */
  private static Throwable join(Future<?> share, Throwable earlier) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          share.get();
          return earlier;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          return earlier == null ? e.getCause() : earlier;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
