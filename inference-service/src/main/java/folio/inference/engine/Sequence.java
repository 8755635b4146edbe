package folio.inference.engine;

import folio.inference.fused.FusedDecoder;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.SavedState;
import folio.inference.generation.TokenLogprob;
import folio.inference.models.LoadedModel;
import folio.model.sampling.Sampler;
import folio.model.sampling.SeededRandom;
import folio.model.vocabulary.UnknownCharacterException;
import folio.model.vocabulary.Vocabulary;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** One request that runs: everything but its row of the state. Owned by its lane. */
final class Sequence {
  private final GenerationRequest request;
  private final SequenceOutput reply;
  private final String modelVersion;
  private final Vocabulary vocabulary;
  private PrefillCursor prompt;
  private final BitSet seen;
  private final String weights;
  private int written;
  private boolean steppedFirst;
  private int lastId;
  private SavedState kept;
  private FinishReason reason;
  private Throwable failure;

  /** Those whose prompt it reads with its own; itself alone once it runs. */
  private List<Sequence> together = List.of(this);

  /**
   * A slot that has read nothing, and is to read for all choices.
   *
   * @throws UnknownCharacterException if the model does not know a character of the prompt
   */
  static Sequence of(QueuedRequest waiting, LoadedModel model, long now) {
    int[] ids = model.vocabulary().encode(waiting.choices().get(0).request().prompt());
    PrefillCursor prompt = new PrefillCursor(ids);
    List<Sequence> all =
        waiting.choices().stream()
            .map(
                choice ->
                    new Sequence(
                        choice.request(),
                        model,
                        prompt,
                        new SequenceOutput(choice, model.version(), waiting.arrivedNanos(), now)))
            .toList();
    all.get(0).together = all;
    return all.get(0);
  }

  private Sequence(
      GenerationRequest request, LoadedModel model, PrefillCursor prompt, SequenceOutput reply) {
    this.request = request;
    this.reply = reply;
    this.modelVersion = model.version();
    this.weights = model.description().weightsDigest();
    this.vocabulary = model.vocabulary();
    this.prompt = prompt;
    this.seen = new BitSet(vocabulary.size());
    for (int i = 0; i < prompt.length(); i++) {
      seen.set(prompt.at(i));
    }
    SavedState from = resumes();
    if (from != null) {
      seen.or(from.seen());
      lastId = from.lastId();
      steppedFirst = true;
    }
  }

  /** Where it goes on from, or null if it begins with a prompt. */
  SavedState resumes() {
    return request.resumeFrom().orElse(null);
  }

  /** Whether {@link #keep} is to be told the state that its end leaves. */
  boolean keeps() {
    return request.keepState() && reason != null;
  }

  /**
   * Keeps where it stopped.
   *
   * @param values of its row, float32 {@code [L, H]}
   */
  void keep(float[] values) {
    kept =
        new SavedState(
            modelVersion,
            weights,
            values,
            lastId,
            position(),
            (BitSet) seen.clone(),
            request.seed());
  }

  /** Characters written, by this and the generations that it continues. */
  private int position() {
    return written + request.resumeFrom().map(SavedState::position).orElse(0);
  }

  /** What it reads, with those that it reads for. */
  PrefillCursor prompt() {
    return prompt;
  }

  /** The slots that it reads the prompt for, itself included. */
  List<Sequence> together() {
    return together;
  }

  /** The same; from now on, each goes on alone. */
  List<Sequence> part() {
    List<Sequence> all = together;
    together = List.of(this);
    all.forEach(slot -> slot.prompt = new PrefillCursor(slot.prompt));
    return all;
  }

  /** Whether nobody needs its row any more. */
  boolean allOver() {
    return together.stream().allMatch(Sequence::over);
  }

  /** Whether {@link #score} is to be told the logits of what is read. */
  boolean scoresPrompt() {
    return request.scoresPrompt();
  }

  /**
   * Tells everybody whom it reads for how likely the characters were that follow those which were
   * read last. What goes wrong is kept: it concerns nobody else.
   *
   * @param logits holds V logits a position
   * @param position where those after the first character begin, in positions
   * @param count how many characters were read
   */
  void score(float[] logits, int position, int count) {
    try {
      List<TokenLogprob> scores = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int next = prompt.next() - count + i + 1;
        if (next < prompt.length()) {
          int offset = (position + i) * vocabulary.size();
          scores.add(
              Logprobs.of(
                  vocabulary,
                  logits,
                  offset,
                  prompt.at(next),
                  request.promptLogprobs().orElseThrow()));
        }
      }
      together.forEach(slot -> slot.reply.score(scores));
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /**
   * Chooses the next character, if one is asked for. What goes wrong is kept: it concerns this slot
   * alone.
   *
   * @param logits holds the V logits of the last character
   * @param offset where they begin
   */
  void choose(Sampler sampler, float[] logits, int offset) {
    if (request.maxTokens() == 0) {
      reply.addNothing();
      reason = FinishReason.LENGTH;
      return;
    }
    try {
      double uniform = SeededRandom.uniform(request.seed(), position());
      int id = sampler.sample(logits, offset, seen, request.sampling(), uniform);
      accept(
          id,
          request.logprobs().isEmpty()
              ? List.of()
              : List.of(
                  Logprobs.of(vocabulary, logits, offset, id, request.logprobs().orElseThrow())));
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /**
   * Takes what a step on a chip led to.
   *
   * @return whether it is a character that was written, not one of the prompt
   */
  boolean step(int id) {
    steppedFirst |= !prompt.isRead();
    if (prompt.step()) {
      return false;
    }
    accept(id, List.of());
    return true;
  }

  /** Takes the next character; what waits to be sent grows by it. */
  private void accept(int id, List<TokenLogprob> logprobs) {
    boolean stopped = reply.add(vocabulary.decode(id), logprobs);
    written++;
    lastId = id;
    seen.set(id);
    if (stopped) {
      reason = FinishReason.STOP;
    } else if (written == request.maxTokens()) {
      reason = FinishReason.LENGTH;
    }
  }

  /**
   * Whether a chip, which tells characters and nothing else, can decode it. If a text may end it in
   * the middle of a launch, the state there is not known.
   */
  boolean decodesFused() {
    return decodesFused(request);
  }

  /** Whether a chip can decode what a request asks for. */
  static boolean decodesFused(GenerationRequest request) {
    return request.logprobs().isEmpty() && !(request.keepState() && !request.stop().isEmpty());
  }

  /** Whether a chip can read its prompt, and those that it reads for can be decoded there. */
  boolean prefillsFused() {
    return !prompt.isRead()
        && !scoresPrompt()
        && together.stream().allMatch(slot -> slot.decodesFused() && slot.request.maxTokens() > 0);
  }

  /** Steps on a chip that it may still take. */
  int stepsLeft() {
    return prompt.stepsWithin() + request.maxTokens() - written;
  }

  /** Steps on a chip until its first character is written; none if it is. */
  int stepsToFirst() {
    return written > 0 ? 0 : prompt.stepsWithin() + 1;
  }

  /**
   * What a chip is to do for it next.
   *
   * @param untaken what it was led to and has not been told yet
   * @param most steps
   */
  FusedDecoder.Order order(int[] untaken, int most) {
    int begun = untaken.length;
    int length = Math.min(most, stepsLeft() - begun);
    int last = prompt.isRead() ? lastId : prompt.at(prompt.next());
    return new FusedDecoder.Order(
        request.seed(),
        request.sampling(),
        begun == 0 ? last : untaken[begun - 1],
        position() + Math.max(0, begun - prompt.stepsWithin()),
        prompt.given(begun, length),
        length);
  }

  /** The ids that the prompt or the text holds; not to be changed. */
  BitSet seen() {
    return seen;
  }

  /** Whether a character was chosen: none is if none was asked for. */
  boolean wrote() {
    return written > 0;
  }

  /**
   * Whether a running slot's step led to its first character, not the pass that read its prompt.
   */
  boolean steppedFirst() {
    return steppedFirst;
  }

  /** What its client is told. */
  SequenceOutput reply() {
    return reply;
  }

  /** Tells its client what was chosen last, once; what goes wrong is kept. */
  void emit() {
    if (failure != null) {
      return;
    }
    try {
      reply.emit();
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /** Why the generation ends with the last chosen character, or null if it goes on. */
  FinishReason reason() {
    return reason;
  }

  /** What went wrong, or null. */
  Throwable failure() {
    return failure;
  }

  /** Whether it needs its row no more. */
  boolean over() {
    return reason != null || failure != null || reply.cancelled();
  }

  /** How its generation ends, for {@link SequenceOutput#end}. */
  GenerationEvent.Finished finished(FinishReason how) {
    return reply.finished(how, prompt.length(), kept);
  }

  /** The id that the next step reads. */
  int lastId() {
    return lastId;
  }
}
