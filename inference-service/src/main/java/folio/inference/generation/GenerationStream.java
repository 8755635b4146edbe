package folio.inference.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * One generation on its way from its lane to its reader. Text that is not yet read is merged, so an
 * event may hold several characters. Nothing ever waits: there is room for all of a request's
 * {@code max_tokens}, which bounds it.
 *
 * <p>One producer, one consumer, on any two threads; {@link #cancel} may come from a third.
 */
public final class GenerationStream {
  private final CompletableFuture<Started> started = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Object lock = new Object();
  private final StringBuilder text = new StringBuilder();
  private List<TokenLogprob> logprobs = new ArrayList<>();
  private GenerationEvent ending;
  private GenerationEvent end;
  private Runnable onReadable = () -> {};
  private Consumer<GenerationEvent> onEnd = event -> {};
  private volatile boolean cancelled;

  /**
   * What is known once the first character is.
   *
   * @param modelVersion the model that runs the request from begin to end
   * @param seed decides every draw
   */
  public record Started(String modelVersion, long seed) {}

  /**
   * Completes when the first character is there, on the lane's thread; fails with a {@link
   * RejectedException} if the request is not run after all, and with what went wrong if the engine
   * failed before its first character.
   */
  public CompletionStage<Started> started() {
    return started;
  }

  /** Completes when everything is there to be read, on the lane's thread. */
  public CompletionStage<Void> ended() {
    return ended;
  }

  /**
   * Sets what hears how it ends, before its reader can know: on the producer's thread, so it must
   * be quick; at once if it has ended.
   */
  public void onEnd(Consumer<GenerationEvent> listener) {
    GenerationEvent already;
    synchronized (lock) {
      onEnd = listener;
      already = ending;
    }
    if (already != null) {
      listener.accept(already);
    }
  }

  /** Adds text; producer only. */
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

  /** Tells that the first step is done; producer only. */
  public void start(Started fact) {
    started.complete(fact);
  }

  /** Tells that the request is not run; producer only, instead of {@link #start}. */
  public void reject(Rejection rejection) {
    started.completeExceptionally(new RejectedException(rejection));
  }

  /** Tells that there will be no first character; producer only, instead of {@link #start}. */
  public void abort(Throwable cause) {
    started.completeExceptionally(cause);
  }

  /**
   * Ends the stream; producer only.
   *
   * @param event {@link GenerationEvent.Finished} or {@link GenerationEvent.Failed}
   */
  public void end(GenerationEvent event) {
    Runnable reader;
    Consumer<GenerationEvent> listener;
    synchronized (lock) {
      ending = event;
      listener = onEnd;
    }
    listener.accept(event);
    synchronized (lock) {
      end = event;
      reader = onReadable;
    }
    ended.complete(null);
    reader.run();
  }

  /**
   * Everything that came since the last call, or the end, or null if there is nothing now. After
   * the end there is nothing.
   */
  public GenerationEvent poll() {
    synchronized (lock) {
      if (!text.isEmpty() || !logprobs.isEmpty()) {
        GenerationEvent event = new GenerationEvent.Text(text.toString(), logprobs);
        text.setLength(0);
        logprobs = new ArrayList<>();
        return event;
      }
      GenerationEvent last = end;
      end = null;
      return last;
    }
  }

  /**
   * Sets what is called whenever there may be something to {@link #poll}: on the producer's thread,
   * so it must be quick. It is called at once for what came before.
   */
  public void onReadable(Runnable reader) {
    synchronized (lock) {
      onReadable = reader;
    }
    reader.run();
  }

  /** Tells the producer that nobody reads any more. */
  public void cancel() {
    cancelled = true;
  }

  /** Whether nobody reads any more. */
  public boolean cancelled() {
    return cancelled;
  }
}
