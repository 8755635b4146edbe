package folio.inference.generation;

import java.time.Duration;
import java.util.List;

/** Why a request was not run. */
public sealed interface Rejection {
  /** Every {@link #reason}. */
  List<String> REASONS =
      List.of(
          "unknown_character",
          "unknown_model",
          "queue_full",
          "queue_timeout",
          "no_model",
          "draining");

  /** In words, for the client. */
  String message();

  /** As it is counted. */
  String reason();

  /** The prompt has a character that the model's vocabulary lacks. */
  record UnknownCharacter(String message, String character, int position) implements Rejection {
    @Override
    public String reason() {
      return "unknown_character";
    }
  }

  /** No resident model has the version that was asked for. */
  record UnknownModel(String version) implements Rejection {
    @Override
    public String message() {
      return "no model of version " + version + " is resident";
    }

    @Override
    public String reason() {
      return "unknown_model";
    }
  }

  /** As many requests wait as may. */
  record QueueFull(int capacity, Duration retryAfter) implements Rejection {
    @Override
    public String message() {
      return "all slots are busy and " + capacity + " requests wait already";
    }

    @Override
    public String reason() {
      return "queue_full";
    }
  }

  /** No slot came free in time. */
  record WaitedTooLong(Duration limit, Duration retryAfter) implements Rejection {
    @Override
    public String message() {
      return "no slot came free within " + limit.toMillis() / 1000.0 + " seconds";
    }

    @Override
    public String reason() {
      return "queue_timeout";
    }
  }

  /** No model has been loaded yet. */
  record NoModel() implements Rejection {
    @Override
    public String message() {
      return "no model is loaded yet";
    }

    @Override
    public String reason() {
      return "no_model";
    }
  }

  /** The service is about to stop. */
  record Draining() implements Rejection {
    @Override
    public String message() {
      return "the service is shutting down";
    }

    @Override
    public String reason() {
      return "draining";
    }
  }
}
