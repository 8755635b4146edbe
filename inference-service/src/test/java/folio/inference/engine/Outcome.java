package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationEvent.Finished;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.SavedState;
import folio.inference.generation.TokenLogprob;
import java.util.ArrayList;
import java.util.List;

/**
 * The text, the log-probabilities and the end that a client receives.
 *
 * @param end null while the generation runs
 */
record Outcome(String text, List<TokenLogprob> logprobs, GenerationEvent end) {
  static Outcome of(GenerationStream stream) {
    StringBuilder text = new StringBuilder();
    List<TokenLogprob> logprobs = new ArrayList<>();
    while (true) {
      GenerationEvent event = stream.poll();
      if (!(event instanceof GenerationEvent.Text part)) {
        return new Outcome(text.toString(), logprobs, event);
      }
      text.append(part.text());
      logprobs.addAll(part.logprobs());
    }
  }

  Finished finished() {
    return (Finished) end;
  }

  void assertIs(Outcome other) {
    assertThat(text).isEqualTo(other.text);
    assertThat(logprobs).isEqualTo(other.logprobs);
    assertThat(finished().reason()).isEqualTo(other.finished().reason());
    assertThat(finished().usage()).isEqualTo(other.finished().usage());
    SavedState saved = finished().state();
    SavedState expected = other.finished().state();
    assertThat(saved == null).isEqualTo(expected == null);
    if (saved != null) {
      assertThat(saved.values()).containsExactly(expected.values());
      assertThat(saved.lastId()).isEqualTo(expected.lastId());
      assertThat(saved.position()).isEqualTo(expected.position());
      assertThat(saved.seen()).isEqualTo(expected.seen());
    }
  }
}
