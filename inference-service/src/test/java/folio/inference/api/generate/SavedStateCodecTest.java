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

class SavedStateCodecTest {
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

  private final SavedStateCodec codec = codec("a key of many letters", NOW);

  private static SavedStateCodec codec(String key, Instant now) {
    return new SavedStateCodec(
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

  private static String reason(SavedStateCodec codec, String text) {
    try {
      codec.read(text);
      throw new AssertionError("the token was accepted");
    } catch (ProblemException e) {
      assertThat(e.problem().status()).isEqualTo(400);
      assertThat(e.problem().field()).isEqualTo("state");
      return e.problem().reason();
    }
  }

  @Test
  void everyReplicaWithTheSameKeyReadsAToken() {
    SavedState read = codec("a key of many letters", NOW).read(codec.write(state()));

    assertThat(read).usingRecursiveComparison().isEqualTo(state());
    assertThat(codec.write(null)).isNull();
  }

  @Test
  void rejectsATokenOfAnotherKey() {
    assertThat(reason(codec("another key of letters", NOW), codec.write(state())))
        .isEqualTo("forged_state");
  }

  @Test
  void rejectsATokenWithOneChangedByte() {
    byte[] bytes = Base64.getUrlDecoder().decode(codec.write(state()));

    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      assertThat(reason(codec, Base64.getUrlEncoder().encodeToString(changed)))
          .isEqualTo("forged_state");
    }
  }

  @Test
  void rejectsAnExpiredToken() {
    String text = codec.write(state());

    assertThat(codec("a key of many letters", NOW.plusSeconds(3600)).read(text)).isNotNull();
    assertThat(reason(codec("a key of many letters", NOW.plusSeconds(3601)), text))
        .isEqualTo("expired_state");
  }

  @Test
  void rejectsTextThatIsNoToken() {
    assertThat(reason(codec, "not base64!")).isEqualTo("malformed_state");
    for (String text : List.of("", "AAAA", "A".repeat(5000))) {
      assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> codec.read(text));
      assertThat(reason(codec, text)).isEqualTo("forged_state");
    }
  }
}
