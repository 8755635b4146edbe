package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Timings;
import folio.inference.generation.TokenLogprob;
import folio.inference.generation.Usage;
import folio.model.sampling.Sampler;
import folio.model.sampling.SeededRandom;
import folio.model.vocabulary.Vocabulary;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;

/** One running request: everything but its row of the state. Owned by the decode thread. */
final class Slot {
  private final GenerationRequest request;
  private final GenerationStream stream;
  private final String modelVersion;
  private final Vocabulary vocabulary;
  private final int promptTokens;
  private final BitSet seen;
  private final StopText stopText;
  private final long arrivedNanos;
  private final long admittedNanos;
  private long firstTokenNanos;
  private int written;
  private int lastId;

  Slot(Waiting waiting, String modelVersion, Vocabulary vocabulary, int[] promptIds, long now) {
    this.request = waiting.request();
    this.stream = waiting.stream();
    this.modelVersion = modelVersion;
    this.vocabulary = vocabulary;
    this.promptTokens = promptIds.length;
    this.seen = new BitSet(vocabulary.size());
    this.stopText = new StopText(request.stop());
    this.arrivedNanos = waiting.arrivedNanos();
    this.admittedNanos = now;
    for (int id : promptIds) {
      seen.set(id);
    }
  }

  /**
   * Chooses the next character and gives it to the stream.
   *
   * @param logits holds the V logits of the last character
   * @param offset where they begin
   * @return why the generation ended with it, or null if it goes on
   */
  FinishReason advance(Sampler sampler, float[] logits, int offset) {
    double uniform = SeededRandom.uniform(request.seed(), written);
    int id = sampler.sample(logits, offset, seen, request.sampling(), uniform);
    List<TokenLogprob> logprobs =
        request.logprobs() < 0
            ? List.of()
            : List.of(Logprobs.of(vocabulary, logits, offset, id, request.logprobs()));
    if (written == 0) {
      if (request.echo()) {
        stream.append(request.prompt(), List.of());
      }
      firstTokenNanos = System.nanoTime();
    }
    stream.append(stopText.accept(vocabulary.decode(id)), logprobs);
    if (written == 0) {
      stream.start(new GenerationStream.Started(modelVersion, request.seed()));
    }
    written++;
    lastId = id;
    seen.set(id);
    if (stopText.stopped()) {
      return FinishReason.STOP;
    }
    return written == request.maxTokens() ? FinishReason.LENGTH : null;
  }

  /** Ends the stream; returns what it was told. A cancelled one may have no first character. */
  GenerationEvent.Finished finish(FinishReason reason) {
    stream.append(stopText.flush(), List.of());
    Timings timings =
        new Timings(
            queued(),
            written == 0 ? Duration.ZERO : firstToken(),
            Duration.ofNanos(System.nanoTime() - arrivedNanos));
    GenerationEvent.Finished event =
        new GenerationEvent.Finished(
            reason, modelVersion, request.seed(), new Usage(promptTokens, written), timings);
    stream.end(event);
    return event;
  }

  /** Gives the generation up: with an error event, or before the first character as a whole. */
  void fail(String message) {
    if (written == 0) {
      stream.abort(new IllegalStateException(message));
    } else {
      stream.end(new GenerationEvent.Failed(message, modelVersion));
    }
  }

  /** The id that the next step reads. */
  int lastId() {
    return lastId;
  }

  /** Whether nobody reads any more. */
  boolean cancelled() {
    return stream.cancelled();
  }

  int promptTokens() {
    return promptTokens;
  }

  /** From its arrival to its slot. */
  Duration queued() {
    return Duration.ofNanos(admittedNanos - arrivedNanos);
  }

  /** From its arrival to its first character. */
  Duration firstToken() {
    return Duration.ofNanos(firstTokenNanos - arrivedNanos);
  }
}
