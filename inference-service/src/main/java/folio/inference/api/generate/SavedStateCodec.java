package folio.inference.api.generate;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import folio.inference.generation.SavedState;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * A codec of saved states: it writes them as tokens, texts which clients store and send back. A
 * token holds the whole state and its expiry and is signed with HMAC-SHA256, so every replica with
 * the same key accepts it. Any thread may use this class.
 */
@Singleton
final class SavedStateCodec {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int SIGNATURE_BYTES = 32;

  /** The version of the binary layout; a change of the layout needs a new one. */
  private static final int FORMAT = 1;

  private static final String FIELD = "state";
  private static final String LEGAL =
      "the state that an answer with keep_state returned, unchanged";

  private final SecretKeySpec key;
  private final Duration lifetime;
  private final Clock clock;

  /**
   * Creates a codec from the configuration.
   *
   * @param key the key to sign with; without one, the constructor draws a random key, so that no
   *     other process accepts the tokens
   * @param lifetime the time until a token expires
   */
  @Inject
  SavedStateCodec(
      @ConfigProperty(name = "folio.state.key") Optional<String> key,
      @ConfigProperty(name = "folio.state.lifetime") Duration lifetime) {
    this(
        key.map(text -> text.getBytes(StandardCharsets.UTF_8))
            .orElseGet(SavedStateCodec::randomKey),
        lifetime,
        Clock.systemUTC());
  }

  SavedStateCodec(byte[] key, Duration lifetime, Clock clock) {
    this.key = new SecretKeySpec(key, ALGORITHM);
    this.lifetime = lifetime;
    this.clock = clock;
  }

  private static byte[] randomKey() {
    byte[] bytes = new byte[SIGNATURE_BYTES];
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  /** Returns a state as text, or null if the state is null. */
  String write(SavedState state) {
    if (state == null) {
      return null;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(FORMAT);
      out.writeLong(clock.instant().plus(lifetime).getEpochSecond());
      out.writeUTF(state.version());
      out.writeUTF(state.weights());
      out.writeLong(state.seed());
      out.writeInt(state.position());
      out.writeInt(state.lastId());
      byte[] seen = state.seen().toByteArray();
      out.writeInt(seen.length);
      out.write(seen);
      out.writeInt(state.values().length);
      for (float value : state.values()) {
        out.writeFloat(value);
      }
      out.write(sign(bytes.toByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException("a write to memory failed", e);
    }
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toByteArray());
  }

  /**
   * Returns the state that a token holds.
   *
   * @throws ProblemException if the text is not a token, was changed, is signed with another key,
   *     or has expired
   */
  SavedState read(String text) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw reject(
          "malformed_state", "state is not URL-safe Base64; send a returned state unchanged", text);
    }
    int length = bytes.length - SIGNATURE_BYTES;
    if (length < 0
        || !MessageDigest.isEqual(
            sign(Arrays.copyOf(bytes, length)), Arrays.copyOfRange(bytes, length, bytes.length))) {
      throw reject(
          "forged_state",
          "state was changed, or a service with another FOLIO_STATE_KEY signed it",
          text);
    }
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, 0, length))) {
      if (in.readByte() != FORMAT) {
        throw reject(
            "malformed_state",
            "state has the format of another release; send the text as a prompt instead",
            text);
      }
      Instant expiry = Instant.ofEpochSecond(in.readLong());
      if (expiry.isBefore(clock.instant())) {
        throw reject(
            "expired_state",
            "state expired at " + expiry + "; send the text as a prompt instead",
            text);
      }
      String version = in.readUTF();
      String weights = in.readUTF();
      long seed = in.readLong();
      int position = in.readInt();
      int lastId = in.readInt();
      BitSet seen = BitSet.valueOf(in.readNBytes(in.readInt()));
      float[] values = new float[in.readInt()];
      for (int i = 0; i < values.length; i++) {
        values[i] = in.readFloat();
      }
      return new SavedState(version, weights, values, lastId, position, seen, seed);
    } catch (IOException e) {
      throw new UncheckedIOException("a token with a valid signature ends too early", e);
    }
  }

  private static ProblemException reject(String reason, String detail, String text) {
    return new ProblemException(
        Problem.of(Response.Status.BAD_REQUEST, reason, detail)
            .about(FIELD, Problem.shorten(text), LEGAL));
  }

  private byte[] sign(byte[] bytes) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac.doFinal(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime lacks " + ALGORITHM, e);
    }
  }
}
