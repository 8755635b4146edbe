package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationEvent.Finished;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.SavedState;

/**
 * What a client gets.
 *
 * @param end null if it has not come yet
 */
record Outcome(String text, GenerationEvent end) {
  static Outcome of(GenerationStream stream) {
    StringBuilder text = new StringBuilder();
    while (true) {
      GenerationEvent event = stream.poll();
      if (!(event instanceof GenerationEvent.Text part)) {
        return new Outcome(text.toString(), event);
      }
      text.append(part.text());
    }
  }

  Finished finished() {
    return (Finished) end;
  }

  void assertIs(Outcome other) {
    assertThat(text).isEqualTo(other.text);
    assertThat(finished().reason()).isEqualTo(other.finished().reason());
    assertThat(finished().usage()).isEqualTo(other.finished().usage());
    SavedState kept = finished().state();
    SavedState expected = other.finished().state();
    assertThat(kept == null).isEqualTo(expected == null);
    if (kept != null) {
      assertThat(kept.values()).containsExactly(expected.values());
      assertThat(kept.lastId()).isEqualTo(expected.lastId());
      assertThat(kept.position()).isEqualTo(expected.position());
      assertThat(kept.seen()).isEqualTo(expected.seen());
    }
  }
}
