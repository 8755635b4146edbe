package folio.inference;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Every setting of the service. Each can be given as an environment variable: {@code
 * folio.queue.capacity} is {@code FOLIO_QUEUE_CAPACITY}.
 */
@ConfigMapping(prefix = "folio")
public interface InferenceConfig {
  /**
   * Where the checkpoints are: a folder, which need not exist yet, or {@code s3://BUCKET/PREFIX}.
   */
  @WithDefault("checkpoints")
  String checkpoints();

  /** How often CURRENT is looked at. */
  @WithDefault("1S")
  Duration pollInterval();

  /** cpu, cuda, or auto: cuda where there is one. */
  @WithDefault("auto")
  DeviceChoice device();

  /** On a GPU: auto decodes on the chip what fits there, libtorch nothing. */
  @WithDefault("auto")
  DecoderChoice decoder();

  /** Lanes of the engine; 0: one a core, on a GPU four. */
  @WithDefault("0")
  int threads();

  /** Most requests that run at once. */
  @WithDefault("64")
  int slots();

  /** Requests that wait. */
  Queue queue();

  /** What a request may ask for, and a connection take. */
  Limits limits();

  /** States that generations stopped in, on their way through clients. */
  State state();

  /** The file of API keys; without one, nobody needs a key. */
  Optional<Path> keys();

  /** What operators ask for. */
  Admin admin();

  /** How long running streams may go on after SIGTERM. */
  @WithDefault("25S")
  Duration drainTimeout();

  /** A decode loop that stands still for longer is reported as not alive. */
  @WithDefault("30S")
  Duration turnTimeout();

  /** What decodes on a GPU. */
  enum DecoderChoice {
    /** On the chip where that can be done. */
    AUTO,
    /** With libtorch everywhere. */
    LIBTORCH
  }

  /** Where networks live. */
  enum DeviceChoice {
    /** The processor. */
    CPU,
    /** The first GPU. */
    CUDA,
    /** The first GPU if there is one. */
    AUTO
  }

  /** Requests that wait. */
  interface Queue {
    /** Most requests that wait for a slot. */
    @WithDefault("256")
    int capacity();

    /** Longest time in the queue. */
    @WithDefault("30S")
    Duration timeout();
  }

  /** What operators ask for. */
  interface Admin {
    /** Where they are listened to; 0: nowhere. */
    @WithDefault("0")
    int port();

    /** Who can reach that port: by default, who is on this machine. */
    @WithDefault("127.0.0.1")
    String host();
  }

  /** States that generations stopped in, on their way through clients. */
  interface State {
    /**
     * Signs them; replicas that are to take each other's need the same. Made up if there is none.
     */
    Optional<String> key();

    /** How long one can be gone on from. */
    @WithDefault("1H")
    Duration lifetime();
  }

  /** What a request may ask for, and a connection take. */
  interface Limits {
    /** Largest max_tokens. */
    @WithDefault("10000")
    int maxTokens();

    /** Longest prompt, in characters. */
    @WithDefault("10000")
    int promptTokens();

    /** Largest request body. */
    @WithDefault("1M")
    MemorySize bodySize();

    /** Longest time from the end of a request's headers to the end of its body. */
    @WithDefault("30S")
    Duration requestTimeout();

    /** Most connections that are open at once; above, requests are answered 503. */
    @WithDefault("4096")
    int connections();

    /**
     * Closes a connection on which nothing moves for so long: between requests, or as its client
     * does not read. One whose request waits or is being run stays.
     */
    @WithDefault("75S")
    Duration idleTimeout();
  }
}
