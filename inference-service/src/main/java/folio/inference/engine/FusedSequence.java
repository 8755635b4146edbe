package folio.inference.engine;

import folio.inference.fused.FusedDecoder;

/**
 * A sequence that the persistent kernel decodes, with the plan of its next launch: which steps are
 * left, and which of them are forced because they read the prompt. Owned by a worker.
 */
final class FusedSequence {
  private final Sequence sequence;
  private final PrefillCursor cursor;

  private FusedSequence(Sequence sequence, PrefillCursor cursor) {
    this.sequence = sequence;
    this.cursor = cursor;
  }

  /** Creates the plan of a sequence whose prompt the kernel reads. */
  static FusedSequence fromPrompt(Sequence sequence) {
    sequence.firstTokenIsStepped();
    return new FusedSequence(sequence, PrefillCursor.atStart(sequence.promptIds()));
  }

  /** Creates the plan of a sequence that has a state: libtorch read its prompt, or it resumes. */
  static FusedSequence fromState(Sequence sequence) {
    return new FusedSequence(sequence, PrefillCursor.atEnd(sequence.promptIds()));
  }

  Sequence sequence() {
    return sequence;
  }

  /**
   * Returns how many steps it may take before the host looks at its tokens. A sequence that saves
   * its state at a stop sequence pauses after each token, since each may complete one.
   */
  int stepsLeft() {
    boolean pauses = sequence.request().keepState() && sequence.output().canStop();
    int tokens = sequence.request().maxTokens() - sequence.written();
    return cursor.forcedSteps() + (pauses ? Math.min(tokens, 1) : tokens);
  }

  /** Returns how many steps lead to its first token; 0 once that is written. */
  int stepsToFirstToken() {
    return sequence.written() > 0 ? 0 : cursor.forcedSteps() + 1;
  }

  /**
   * Returns what the next launch does for it.
   *
   * @param pending ids from the last launch that {@link #accept} has not processed
   * @param maxSteps steps of the launch
   */
  FusedDecoder.StepPlan plan(int[] pending, int maxSteps) {
    int length = Math.min(maxSteps, stepsLeft() - pending.length);
    int[] forced = cursor.forced(pending.length, length);
    int last = cursor.isAtEnd() ? sequence.lastId() : cursor.idAt(cursor.position());
    return new FusedDecoder.StepPlan(
        sequence.request().seed(),
        sequence.request().sampling(),
        pending.length == 0 ? last : pending[pending.length - 1],
        sequence.position() + Math.max(0, pending.length - cursor.forcedSteps()),
        forced,
        length,
        sequence.request().logprobs().isPresent() && forced.length < length);
  }

  /**
   * Receives the id that a step led to.
   *
   * @param logits float32 {@code [steps, V]} of the launch, or null if the plan asked for none
   * @param step the index of the step in the launch
   * @return whether it is a new token, not one of the prompt
   */
  boolean accept(int id, float[] logits, int step) {
    if (cursor.step()) {
      return false;
    }
    sequence.append(id, logits, step);
    return true;
  }
}
