package folio.inference.generation;

import java.time.Duration;
import java.util.List;

/** The reason why the engine did not run a request. */
public sealed interface Rejection {
  /** The {@link #reason} of {@link UnknownCharacter}. */
  String UNKNOWN_CHARACTER = "unknown_character";

  /** The {@link #reason} of {@link UnknownModel}. */
  String UNKNOWN_MODEL = "unknown_model";

  /** The {@link #reason} of {@link QueueFull}. */
  String QUEUE_FULL = "queue_full";

  /** The {@link #reason} of {@link WaitedTooLong}. */
  String QUEUE_TIMEOUT = "queue_timeout";

  /** The {@link #reason} of {@link NoModel}. */
  String NO_MODEL = "no_model";

  /** The {@link #reason} of {@link Draining}. */
  String DRAINING = "draining";

  /** The {@link #reason} of {@link OutOfMemory}. */
  String OUT_OF_MEMORY = "out_of_memory";

  /** Every value of {@link #reason}. */
  List<String> REASONS =
      List.of(
          UNKNOWN_CHARACTER,
          UNKNOWN_MODEL,
          QUEUE_FULL,
          QUEUE_TIMEOUT,
          NO_MODEL,
          DRAINING,
          OUT_OF_MEMORY);

  /** Returns a description for the client. */
  String message();

  /** Returns the name of this reason in problem documents and metrics. */
  String reason();

  /**
   * The prompt has a character that the vocabulary of the model lacks.
   *
   * @param position the index of the character in the prompt, in code points
   */
  record UnknownCharacter(String message, String character, long position) implements Rejection {
    @Override
    public String reason() {
      return UNKNOWN_CHARACTER;
    }
  }

  /** No resident model has the version that the request names. */
  record UnknownModel(String version) implements Rejection {
    @Override
    public String message() {
      return "no model of version " + version + " is resident; GET /models lists the resident ones";
    }

    @Override
    public String reason() {
      return UNKNOWN_MODEL;
    }
  }

  /**
   * The queue is full.
   *
   * @param capacity the largest number of requests in the queue
   */
  record QueueFull(int capacity, Duration retryAfter) implements Rejection {
    @Override
    public String message() {
      return "all slots are busy and the queue is full (" + capacity + " requests); retry later";
    }

    @Override
    public String reason() {
      return QUEUE_FULL;
    }
  }

  /**
   * The request was in the queue for longer than the queue timeout.
   *
   * @param limit the queue timeout
   */
  record WaitedTooLong(Duration limit, Duration retryAfter) implements Rejection {
    @Override
    public String message() {
      return "no slot became free within " + limit.toMillis() / 1000.0 + " seconds; retry later";
    }

    @Override
    public String reason() {
      return QUEUE_TIMEOUT;
    }
  }

  /** No model has been loaded yet. */
  record NoModel() implements Rejection {
    @Override
    public String message() {
      return "no model is loaded yet; retry later";
    }

    @Override
    public String reason() {
      return NO_MODEL;
    }
  }

  /** The service is shutting down. */
  record Draining() implements Rejection {
    @Override
    public String message() {
      return "the service is shutting down";
    }

    @Override
    public String reason() {
      return DRAINING;
    }
  }

  /** The answers of all clients exceed their memory budget, and this one is the largest. */
  record OutOfMemory() implements Rejection {
    /** The message of a stream that has begun. */
    static final String UNREAD =
        "the client has not read its text, and the unread texts of all clients exceed their memory"
            + " budget; the text is incomplete";

    @Override
    public String message() {
      return "the answers of all clients exceed their memory budget, and this one is the largest;"
          + " ask for fewer log-probabilities or retry later";
    }

    @Override
    public String reason() {
      return OUT_OF_MEMORY;
    }
  }
}
