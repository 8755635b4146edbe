package folio.trainer.batch;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The requests of a file, of which several are handled at once and whose answers are written in
 * order.
 *
 * @param requests all requests
 * @param handler the source of the answers
 * @param parallel the number of requests that are handled at once
 */
public record Batch(List<BatchRequest> requests, RequestHandler handler, int parallel) {
  /**
   * The number of requests per thread that have begun and are not written. While one request takes
   * long, the threads continue with others; a killed process loses at most these answers.
   */
  private static final int AHEAD = 4;

  /** The longest time that threads may take to stop after an error. */
  private static final Duration STOP_TIMEOUT = Duration.ofMinutes(1);

  /**
   * Answers the requests that have no answer yet.
   *
   * @throws BatchException if the rest cannot be answered; the answers so far are written
   */
  public void run(AnswersFile answers, BatchProgress progress) throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(parallel);
    try {
      Deque<Future<Answer>> begun = new ArrayDeque<>();
      int next = answers.answered();
      while (answers.answered() < requests.size()) {
        while (next < requests.size() && begun.size() < AHEAD * parallel) {
          BatchRequest request = requests.get(next++);
          begun.add(threads.submit(() -> handler.answer(request)));
        }
        Answer answer = result(begun.remove());
        answers.write(answer);
        progress.answered(answers, answer.characters());
      }
    } finally {
      threads.shutdownNow();
      // The caller closes what the threads use, such as a network.
      threads.awaitTermination(STOP_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private static Answer result(Future<Answer> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
