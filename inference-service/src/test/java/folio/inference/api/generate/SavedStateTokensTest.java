package folio.inference.api.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import folio.inference.api.problem.ProblemException;
import folio.inference.generation.SavedState;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class SavedStateTokensTest {
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

  private final SavedStateTokens tokens = tokens("a key of many letters", NOW);

  private static SavedStateTokens tokens(String key, Instant now) {
    return new SavedStateTokens(
        key.getBytes(StandardCharsets.UTF_8),
        Duration.ofHours(1),
        Clock.fixed(now, ZoneOffset.UTC));
  }

  private static SavedState state() {
    BitSet seen = new BitSet();
    seen.set(3);
    seen.set(64);
    float[] values = {0.1f, -0f, Float.MIN_VALUE, 1};
    return new SavedState("20261124T120000Z-1a2b3c4d", "ab".repeat(32), values, 64, 1000, seen, -5);
  }

  private static String reason(SavedStateTokens tokens, String text) {
    try {
      tokens.read(text);
      throw new AssertionError("the token was accepted");
    } catch (ProblemException e) {
      assertThat(e.problem().status()).isEqualTo(400);
      assertThat(e.problem().field()).isEqualTo("state");
      return e.problem().reason();
    }
  }

  @Test
  void everyReplicaWithTheSameKeyReadsAToken() {
    SavedState read = tokens("a key of many letters", NOW).read(tokens.write(state()));

    assertThat(read).usingRecursiveComparison().isEqualTo(state());
    assertThat(tokens.write(null)).isNull();
  }

  @Test
  void rejectsATokenOfAnotherKey() {
    assertThat(reason(tokens("another key of letters", NOW), tokens.write(state())))
        .isEqualTo("forged_state");
  }

  @Test
  void rejectsATokenWithOneChangedByte() {
    byte[] bytes = Base64.getUrlDecoder().decode(tokens.write(state()));

    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      assertThat(reason(tokens, Base64.getUrlEncoder().encodeToString(changed)))
          .isEqualTo("forged_state");
    }
  }

  @Test
  void rejectsAnExpiredToken() {
    String text = tokens.write(state());

    assertThat(tokens("a key of many letters", NOW.plusSeconds(3600)).read(text)).isNotNull();
    assertThat(reason(tokens("a key of many letters", NOW.plusSeconds(3601)), text))
        .isEqualTo("expired_state");
  }

  @Test
  void rejectsTextThatIsNoToken() {
    assertThat(reason(tokens, "not base64!")).isEqualTo("malformed_state");
    for (String text : List.of("", "AAAA", "A".repeat(5000))) {
      assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> tokens.read(text));
      assertThat(reason(tokens, text)).isEqualTo("forged_state");
    }
  }
}
