package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.SavedState;
import folio.inference.generation.TokenLogprob;
import folio.inference.models.LoadedModel;
import folio.model.sampling.Sampler;
import folio.model.sampling.SeededRandom;
import java.util.BitSet;
import java.util.List;

/**
 * A request that has a slot and is being decoded: what it has written, and how it ends. Its row of
 * the hidden state belongs to a batch. An error that concerns this sequence alone is kept as its
 * {@link #failure}. Owned by a worker.
 */
final class Sequence {
  private final GenerationRequest request;
  private final LoadedModel model;
  private final int[] promptIds;
  private final String client;
  private final SequenceOutput output;
  private final BitSet seen;
  private final int startPosition;
  private int written;
  private boolean firstTokenStepped;
  private int lastId;
  private SavedState saved;
  private FinishReason reason;
  private Throwable failure;

  /** Creates a sequence that has written nothing. */
  Sequence(
      GenerationRequest request,
      LoadedModel model,
      int[] promptIds,
      String client,
      SequenceOutput output) {
    this.request = request;
    this.model = model;
    this.promptIds = promptIds;
    this.client = client;
    this.output = output;
    this.seen = new BitSet(model.vocabulary().size());
    for (int id : promptIds) {
      seen.set(id);
    }
    SavedState resumed = request.resumeFrom().orElse(null);
    this.startPosition = resumed == null ? 0 : resumed.position();
    if (resumed != null) {
      seen.or(resumed.seen());
      lastId = resumed.lastId();
      firstTokenStepped = promptIds.length == 0;
    }
  }

  GenerationRequest request() {
    return request;
  }

  /** Returns the ids of the prompt; callers do not change them. */
  int[] promptIds() {
    return promptIds;
  }

  /** Returns the name of the client that sent the request. */
  String client() {
    return client;
  }

  /** Returns what the client receives. */
  SequenceOutput output() {
    return output;
  }

  /** Returns the ids of the prompt and the text, for the repetition penalty; read-only. */
  BitSet seen() {
    return seen;
  }

  /** Returns the id that the next step reads. */
  int lastId() {
    return lastId;
  }

  /** Returns how many tokens this request has written. */
  int written() {
    return written;
  }

  /** Returns how many tokens were written with this seed, by this request and those it resumes. */
  int position() {
    return startPosition + written;
  }

  /**
   * Samples the next token, unless the request asks for none.
   *
   * @param logits float32, holds the V logits that follow the last character
   * @param offset index of the first of them
   */
  void sampleNext(Sampler sampler, float[] logits, int offset) {
    if (request.maxTokens() == 0) {
      output.addNothing();
      reason = FinishReason.LENGTH;
      return;
    }
    try {
      double uniform = SeededRandom.uniform(request.seed(), position());
      int id = sampler.sample(logits, offset, seen, request.sampling(), uniform);
      append(id, logprobs(id, logits, offset));
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  private List<TokenLogprob> logprobs(int id, float[] logits, int offset) {
    if (request.logprobs().isEmpty()) {
      return List.of();
    }
    int alternatives = request.logprobs().getAsInt();
    return List.of(Logprobs.of(model.vocabulary(), logits, offset, id, alternatives));
  }

  /**
   * Appends a token that the persistent kernel has drawn.
   *
   * @param logits float32 {@code [steps, V]}, or null if the request asks for no log-probabilities
   * @param step the step that drew it
   */
  void append(int id, float[] logits, int step) {
    append(id, logprobs(id, logits, step * model.vocabulary().size()));
  }

  private void append(int id, List<TokenLogprob> logprobs) {
    boolean stopped = output.add(model.vocabulary().decode(id), logprobs);
    written++;
    lastId = id;
    seen.set(id);
    if (stopped) {
      reason = FinishReason.STOP;
    } else if (written == request.maxTokens()) {
      reason = FinishReason.LENGTH;
    }
  }

  /** Reports log-probabilities of the prompt to the client. */
  void reportPromptScores(List<TokenLogprob> scores) {
    try {
      output.reportPromptScores(scores);
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /** Sends what was appended last to the client, once. */
  void emit() {
    if (failure != null) {
      return;
    }
    try {
      output.emit();
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /** Returns whether it has ended and {@link #save} needs the state that it stops in. */
  boolean savesState() {
    return request.keepState() && reason != null;
  }

  /**
   * Saves the state that it stops in.
   *
   * @param values of its row, float32 {@code [L, H]}
   */
  void save(float[] values) {
    saved =
        new SavedState(
            model.version(),
            model.description().weightsDigest(),
            values,
            lastId,
            position(),
            (BitSet) seen.clone(),
            request.seed());
  }

  /** Records that a step, not a prefill pass, leads to the first token. */
  void firstTokenIsStepped() {
    firstTokenStepped = true;
  }

  /** Returns whether a step, not a prefill pass, leads to the first token. */
  boolean firstTokenStepped() {
    return firstTokenStepped;
  }

  /** Returns why it ends with the last token, or null if it continues. */
  FinishReason reason() {
    return reason;
  }

  /** Returns the error that ends it, or null. */
  Throwable failure() {
    return failure;
  }

  /** Ends it with an error. */
  void fail(RuntimeException cause) {
    failure = cause;
  }

  /** Returns whether the sequence needs no more steps. */
  boolean finished() {
    return reason != null || failure != null || output.cancelled();
  }

  /** Creates the event that ends the stream. */
  GenerationEvent.Finished finishedEvent(FinishReason how) {
    return output.finishedEvent(how, promptIds.length, saved);
  }
}
