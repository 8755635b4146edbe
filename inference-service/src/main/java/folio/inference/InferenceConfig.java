package folio.inference;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The settings of the service. Each has an environment variable: {@code folio.queue.capacity} is
 * {@code FOLIO_QUEUE_CAPACITY}. {@link ConfigRanges} has their legal ranges.
 */
@ConfigMapping(prefix = "folio")
public interface InferenceConfig {
  /** The checkpoint store: a folder, which need not exist yet, or {@code s3://BUCKET/PREFIX}. */
  @WithDefault("checkpoints")
  String checkpoints();

  /** The store of the training runs that the page shows; without it, the checkpoint store. */
  Optional<String> runs();

  /** The interval at which the service reads CURRENT. */
  @WithDefault("1S")
  Duration pollInterval();

  /** The device that models run on: cpu, cuda or auto. */
  @WithDefault("auto")
  DeviceChoice device();

  /** The decoder on a GPU: auto or libtorch. */
  @WithDefault("auto")
  DecoderChoice decoder();

  /** The number of the engine's worker threads; 0: one per core, or four on a GPU. */
  @WithDefault("0")
  int threads();

  /** The largest number of requests that run at once. */
  @WithDefault("64")
  int slots();

  /** The settings of queued requests. */
  Queue queue();

  /** The limits of a request and of a connection. */
  Limits limits();

  /** The settings of the saved states that clients hold. */
  State state();

  /** The key file; without it, no request needs an API key. */
  Optional<Path> keys();

  /** The settings of the admin server. */
  Admin admin();

  /** The time that running streams have to finish after SIGTERM. */
  @WithDefault("25S")
  Duration drainTimeout();

  /** The longest time between two iterations of the decode loop before liveness fails. */
  @WithName("turn-timeout")
  @WithDefault("30S")
  Duration iterationTimeout();

  /** The program that decodes on a GPU. */
  enum DecoderChoice {
    /** The persistent kernel for each model that it supports, libtorch for others. */
    AUTO,
    /** Libtorch for every model. */
    LIBTORCH
  }

  /** The device that models run on. */
  enum DeviceChoice {
    /** The processor. */
    CPU,
    /** The first GPU; the service does not start without one. */
    CUDA,
    /** The first GPU, or the processor on a machine without one. */
    AUTO
  }

  /** The settings of queued requests. */
  interface Queue {
    /** The largest number of requests that wait for a slot. */
    @WithDefault("256")
    int capacity();

    /** The longest time that a request waits for a slot. */
    @WithDefault("30S")
    Duration timeout();
  }

  /** The settings of the admin server. */
  interface Admin {
    /** The port of the admin server; 0: off. */
    @WithDefault("0")
    int port();

    /** The address that the admin server listens on; the default accepts local clients only. */
    @WithDefault("127.0.0.1")
    String host();

    /** The token that requests to the admin server must carry; without it, none is required. */
    Optional<String> token();
  }

  /**
   * The settings of saved states. A client receives the state in which its generation stopped, and
   * sends it with a later request, which resumes from it.
   */
  interface State {
    /**
     * The key that signs states. Replicas that accept each other's states need the same key; a
     * replica without one generates its own.
     */
    Optional<String> key();

    /** The lifetime of a saved state. */
    @WithDefault("1H")
    Duration lifetime();
  }

  /** The limits of a request and of a connection. */
  interface Limits {
    /** The largest {@code max_tokens}. */
    @WithDefault("10000")
    int maxTokens();

    /** The largest number of characters in a prompt. */
    @WithDefault("10000")
    int promptTokens();

    /** The largest number of slots that one client has at once; 0: all. */
    @WithDefault("0")
    int clientSlots();

    /** The size of the largest request body. */
    @WithDefault("1M")
    MemorySize bodySize();

    /** The longest time from the end of a request's headers to the end of its body. */
    @WithDefault("30S")
    Duration requestTimeout();

    /**
     * The memory for bodies that are not complete and for text that clients have not read; without
     * it, a quarter of the heap.
     */
    Optional<MemorySize> clientMemory();

    /** The largest number of open connections; requests on further ones are answered with 503. */
    @WithDefault("4096")
    int connections();

    /**
     * The longest time without traffic before a connection is closed, between two requests or when
     * its client does not read. A connection whose request waits or runs stays open.
     */
    @WithDefault("75S")
    Duration idleTimeout();
  }
}
