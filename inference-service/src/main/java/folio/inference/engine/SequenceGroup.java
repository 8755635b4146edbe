package folio.inference.engine;

import folio.inference.generation.GenerationRequest;
import folio.inference.generation.SavedState;
import folio.inference.generation.TokenLogprob;
import folio.inference.models.LoadedModel;
import folio.model.vocabulary.UnknownCharacterException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The sequences of one queued request, which share a prompt and a model: one prefill pass reads the
 * prompt for all of them. Owned by a worker.
 */
final class SequenceGroup {
  private final List<Sequence> sequences;
  private final PrefillCursor cursor;
  private final LoadedModel model;

  /**
   * Creates a group that has read nothing of its prompt.
   *
   * @param admittedNanos when it got its slots
   * @throws UnknownCharacterException if the vocabulary lacks a character of the prompt that is
   *     neither skipped nor replaced
   */
  SequenceGroup(QueuedRequest queued, LoadedModel model, long admittedNanos) {
    int[] ids = encodePrompt(queued, model);
    SequenceOutput.Source source =
        new SequenceOutput.Source(model.version(), model.vocabulary().decode(ids));
    this.model = model;
    this.cursor = PrefillCursor.atStart(withLastId(queued, ids));
    this.sequences =
        queued.choices().stream()
            .map(
                choice ->
                    new Sequence(
                        choice.request(),
                        model,
                        ids,
                        queued.client(),
                        new SequenceOutput(
                            choice.request(),
                            choice.stream(),
                            source,
                            stops(choice.request(), model),
                            new SequenceOutput.Times(queued.arrivedNanos(), admittedNanos))))
            .toList();
  }

  /** Returns the ids of the prompt, or of the model's default prompt if no character is left. */
  private static int[] encodePrompt(QueuedRequest queued, LoadedModel model) {
    int[] ids = model.vocabulary().encode(queued.prompt(), queued.unknown());
    return ids.length == 0 && !queued.resumes()
        ? model.vocabulary().encode(model.description().defaultPrompt())
        : ids;
  }

  /**
   * Returns the ids that lead to the first token. The state that a request resumes has not read the
   * last character before it; without a prompt, a step reads that one.
   */
  private static int[] withLastId(QueuedRequest queued, int[] prompt) {
    if (!queued.resumes() || prompt.length == 0) {
      return prompt;
    }
    int[] ids = new int[prompt.length + 1];
    ids[0] = queued.resumedState().lastId();
    System.arraycopy(prompt, 0, ids, 1, prompt.length);
    return ids;
  }

  /** Returns the texts that end a request: its own, and the separator of the model's documents. */
  private static List<String> stops(GenerationRequest request, LoadedModel model) {
    String separator = model.description().documentSeparator();
    if (separator == null || request.ignoresDocumentEnd()) {
      return request.stop();
    }
    List<String> stops = new ArrayList<>(request.stop());
    stops.add(separator);
    return stops;
  }

  /** Returns the sequences; at least one. */
  List<Sequence> sequences() {
    return sequences;
  }

  /** Returns the name of the client that sent the request. */
  String client() {
    return sequences.get(0).client();
  }

  /** Returns how far libtorch has read the prompt. */
  PrefillCursor cursor() {
    return cursor;
  }

  /** Returns the hidden state that the prompt is read from, or null for a zero state. */
  SavedState resumedState() {
    return sequences.get(0).request().resumeFrom().orElse(null);
  }

  /** Returns whether no sequence needs the row any more. */
  boolean finished() {
    return sequences.stream().allMatch(Sequence::finished);
  }

  /** Returns whether the persistent kernel can read the prompt and decode every sequence. */
  boolean supportsFusedPrefill() {
    return !cursor.isAtEnd()
        && resumedState() == null
        && !scoresPrompt()
        && sequences.stream().allMatch(sequence -> sequence.request().maxTokens() > 0);
  }

  /** Returns whether {@link #score} needs the logits of every position of the prompt. */
  boolean scoresPrompt() {
    return sequences.get(0).request().scoresPrompt();
  }

  /** Returns how long the group waited for its slots. */
  Duration queueTime() {
    return sequences.get(0).output().queueTime();
  }

  /**
   * Reports the log-probabilities of the prompt's characters that follow those which were read
   * last.
   *
   * @param logits float32, V logits per position
   * @param logitsRow the index, in the output, of the first character's logits
   * @param count how many characters were read
   */
  void score(float[] logits, int logitsRow, int count) {
    try {
      List<TokenLogprob> scores = new ArrayList<>();
      int alternatives = sequences.get(0).request().promptLogprobs().orElseThrow();
      for (int i = 0; i < count; i++) {
        int next = cursor.position() - count + i + 1;
        if (next < cursor.length()) {
          int offset = (logitsRow + i) * model.vocabulary().size();
          scores.add(
              Logprobs.of(model.vocabulary(), logits, offset, cursor.idAt(next), alternatives));
        }
      }
      sequences.forEach(sequence -> sequence.reportPromptScores(scores));
    } catch (RuntimeException e) {
      sequences.forEach(sequence -> sequence.fail(e));
    }
  }
}
