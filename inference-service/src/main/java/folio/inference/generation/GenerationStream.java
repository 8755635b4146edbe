package folio.inference.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * The buffer of one generation between the worker that produces it and the event loop that reads
 * it. Unread text is merged, so an event may hold several characters. No method blocks: the buffer
 * can hold all of the request's {@code max_tokens}, which bounds its size.
 *
 * <p>One producer and one consumer use it, on any two threads; any thread may call {@link #cancel}.
 */
public final class GenerationStream {
  private final CompletableFuture<Started> started = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Object lock = new Object();
  private final StringBuilder text = new StringBuilder();
  private List<TokenLogprob> logprobs = new ArrayList<>();
  private GenerationEvent announcedEnd;
  private GenerationEvent unreadEnd;
  private Runnable onReadable = () -> {};
  private Consumer<GenerationEvent> onEnd = event -> {};
  private volatile boolean cancelled;

  /**
   * The facts that are known once the first character is.
   *
   * @param modelVersion the version of the model that runs the request from begin to end
   * @param seed the seed of every draw
   */
  public record Started(String modelVersion, long seed) {}

  /**
   * Returns a stage that completes on the worker's thread when the first character is available. It
   * fails with a {@link RejectedException} if the engine rejects the request, and with the cause if
   * the engine fails before the first character.
   */
  public CompletionStage<Started> started() {
    return started;
  }

  /** Returns a stage that completes on the worker's thread when all events are readable. */
  public CompletionStage<Void> ended() {
    return ended;
  }

  /**
   * Sets the listener that receives the last event before the reader can poll it. The listener runs
   * on the producer's thread, so it must be quick; it runs at once if the stream has ended.
   */
  public void onEnd(Consumer<GenerationEvent> listener) {
    GenerationEvent already;
    synchronized (lock) {
      onEnd = listener;
      already = announcedEnd;
    }
    if (already != null) {
      listener.accept(already);
    }
  }

  /** Adds text and log-probabilities; only the producer calls it. */
  public void append(String more, List<TokenLogprob> moreLogprobs) {
    if (more.isEmpty() && moreLogprobs.isEmpty()) {
      return;
    }
    Runnable reader;
    synchronized (lock) {
      text.append(more);
      logprobs.addAll(moreLogprobs);
      reader = onReadable;
    }
    reader.run();
  }

  /** Completes {@link #started} after the first step; only the producer calls it. */
  public void start(Started fact) {
    started.complete(fact);
  }

  /** Fails {@link #started} with a rejection; the producer calls it instead of {@link #start}. */
  public void reject(Rejection rejection) {
    started.completeExceptionally(new RejectedException(rejection));
  }

  /** Fails {@link #started} with a cause; the producer calls it instead of {@link #start}. */
  public void abort(Throwable cause) {
    started.completeExceptionally(cause);
  }

  /**
   * Ends the stream; only the producer calls it.
   *
   * @param event {@link GenerationEvent.Finished} or {@link GenerationEvent.Failed}
   */
  public void end(GenerationEvent event) {
    Runnable reader;
    Consumer<GenerationEvent> listener;
    synchronized (lock) {
      announcedEnd = event;
      listener = onEnd;
    }
    listener.accept(event);
    synchronized (lock) {
      unreadEnd = event;
      reader = onReadable;
    }
    ended.complete(null);
    reader.run();
  }

  /**
   * Removes and returns the next event: all text since the last call if there is any, else the end
   * of the stream. Returns null if nothing is readable now, and always after the end.
   */
  public GenerationEvent poll() {
    synchronized (lock) {
      if (!text.isEmpty() || !logprobs.isEmpty()) {
        GenerationEvent event = new GenerationEvent.Text(text.toString(), logprobs);
        text.setLength(0);
        logprobs = new ArrayList<>();
        return event;
      }
      GenerationEvent last = unreadEnd;
      unreadEnd = null;
      return last;
    }
  }

  /**
   * Sets the task that runs whenever {@link #poll} may return an event. It runs on the producer's
   * thread, so it must be quick; it runs once at once, for events that are readable already.
   */
  public void onReadable(Runnable reader) {
    synchronized (lock) {
      onReadable = reader;
    }
    reader.run();
  }

  /** Asks the producer to stop, because the reader has gone. */
  public void cancel() {
    cancelled = true;
  }

  /** Returns whether the reader has gone. */
  public boolean cancelled() {
    return cancelled;
  }
}
