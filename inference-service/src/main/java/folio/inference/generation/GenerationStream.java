package folio.inference.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * The buffer of one generation between the worker that produces it and the event loop that reads
 * it. Unread text is merged, so an event may hold several characters. No method blocks: the buffer
 * can hold all of the request's {@code max_tokens}, unless the memory budget of all clients is
 * exceeded and this stream holds most of it. The stream then ends with an error.
 *
 * <p>One producer and one consumer use it, on any two threads; any thread may call {@link #cancel}.
 */
public final class GenerationStream {
  /**
   * The largest number of UTF-16 units in an event, and of entries with log-probabilities. An event
   * is encoded as a whole and lies in memory until the client has read it, so it must be small.
   */
  private static final int MAX_EVENT_LENGTH = 8192;

  private static final int MAX_EVENT_LOGPROBS = 32;

  private static final int BYTES_PER_UNIT = 2;

  private final MemoryBudget.Share memory;
  private final CompletableFuture<Started> started = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Object lock = new Object();
  private final StringBuilder text = new StringBuilder();
  private List<TokenLogprob> logprobs = new ArrayList<>();
  private GenerationEvent announcedEnd;
  private GenerationEvent unreadEnd;
  private boolean retained;
  private Runnable onReadable = () -> {};
  private Consumer<GenerationEvent> onEnd = event -> {};
  private volatile Runnable onDisconnect = () -> {};
  private volatile boolean cancelled;
  private volatile boolean abandoned;

  /** Creates a stream whose memory nothing bounds. */
  public GenerationStream() {
    this(MemoryBudget.unlimited());
  }

  /**
   * Creates an empty stream.
   *
   * @param budget the budget of all clients, which counts what this stream holds
   */
  public GenerationStream(MemoryBudget budget) {
    memory = budget.open(new Memory());
  }

  /** The answer to an exceeded memory budget. */
  private final class Memory implements MemoryBudget.Owner {
    @Override
    public void evict() {
      started.completeExceptionally(new RejectedException(new Rejection.OutOfMemory()));
      abandon(Rejection.OutOfMemory.UNREAD);
    }

    @Override
    public void disconnect() {
      onDisconnect.run();
    }
  }

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
    long size = bytes(more.length(), moreLogprobs);
    memory.add(size); // not under the lock: it may abandon this stream or another one
    Runnable reader;
    synchronized (lock) {
      if (abandoned) {
        memory.release(size);
        return;
      }
      text.append(more);
      logprobs.addAll(moreLogprobs);
      reader = onReadable;
    }
    reader.run();
  }

  private static long bytes(int length, List<TokenLogprob> logprobs) {
    long bytes = (long) BYTES_PER_UNIT * length;
    for (TokenLogprob entry : logprobs) {
      bytes += entry.bytes();
    }
    return bytes;
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
      if (!abandoned) {
        unreadEnd = event;
      }
      reader = onReadable;
    }
    ended.complete(null);
    reader.run();
  }

  /**
   * Ends the stream for its reader because its text cannot be delivered. Unread text is dropped,
   * and the reader finds a {@link GenerationEvent.Failed} next; the producer stops at its next
   * step. Any thread may call it. A stream whose end has been read stays as it is.
   *
   * @param message a description for the client
   */
  public void abandon(String message) {
    Runnable reader;
    synchronized (lock) {
      if (abandoned || (announcedEnd != null && unreadEnd == null)) {
        return;
      }
      abandoned = true;
      memory.release(bytes(text.length(), logprobs));
      text.setLength(0);
      logprobs = new ArrayList<>();
      boolean hasStarted = started.isDone() && !started.isCompletedExceptionally();
      unreadEnd =
          new GenerationEvent.Failed(message, hasStarted ? started.join().modelVersion() : "");
      reader = onReadable;
    }
    ended.complete(null);
    reader.run();
  }

  /** Returns whether {@link #abandon} has ended the stream. */
  public boolean abandoned() {
    return abandoned;
  }

  /**
   * Removes and returns the next event: the text since the last call if there is any, else the end
   * of the stream. Returns null if nothing is readable now, and always after the end. A long text
   * is returned in several events.
   */
  public GenerationEvent poll() {
    synchronized (lock) {
      if (!text.isEmpty() || !logprobs.isEmpty()) {
        GenerationEvent.Text event = removeText();
        if (!retained) {
          memory.release(bytes(event.text().length(), event.logprobs()));
        }
        return event;
      }
      GenerationEvent last = unreadEnd;
      unreadEnd = null;
      return last;
    }
  }

  /** Removes the first part of the text; while entries are left over, each has its character. */
  private GenerationEvent.Text removeText() {
    List<TokenLogprob> entries = logprobs;
    int length = text.length();
    if (entries.size() > MAX_EVENT_LOGPROBS) {
      entries = new ArrayList<>(logprobs.subList(0, MAX_EVENT_LOGPROBS));
      logprobs.subList(0, MAX_EVENT_LOGPROBS).clear();
      int characters = Math.min(MAX_EVENT_LOGPROBS, text.codePointCount(0, length));
      length = text.offsetByCodePoints(0, characters);
    } else {
      logprobs = new ArrayList<>();
    }
    if (length > MAX_EVENT_LENGTH) {
      boolean splitsPair = Character.isHighSurrogate(text.charAt(MAX_EVENT_LENGTH - 1));
      length = splitsPair ? MAX_EVENT_LENGTH - 1 : MAX_EVENT_LENGTH;
    }
    String part = text.substring(0, length);
    text.delete(0, length);
    return new GenerationEvent.Text(part, entries);
  }

  /**
   * Keeps counting the text that {@link #poll} returns until {@link #cancel}, because the reader
   * collects it.
   */
  public void retain() {
    synchronized (lock) {
      retained = true;
    }
  }

  /**
   * Adds bytes that the reader has written and its client has not read yet, or removes them.
   *
   * @param difference the number of bytes, negative once the client has read them
   */
  public void addInFlight(long difference) {
    memory.add(difference);
  }

  /**
   * Sets the task that closes the client's connection if it holds too much memory. Any thread may
   * run it.
   */
  public void onDisconnect(Runnable closeConnection) {
    onDisconnect = closeConnection;
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

  /** Asks the producer to stop, because the reader has gone, and frees what the stream holds. */
  public void cancel() {
    cancelled = true;
    memory.close();
  }

  /** Returns whether the reader has gone. */
  public boolean cancelled() {
    return cancelled;
  }
}
