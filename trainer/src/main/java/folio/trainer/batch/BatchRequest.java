package folio.trainer.batch;

import folio.model.storage.Sha256;
import java.nio.charset.StandardCharsets;

/**
 * A request of a batch.
 *
 * @param index the number of requests before it
 * @param place its file and line, for errors
 * @param body the JSON object of {@code POST /generate}, as the file has it
 */
public record BatchRequest(int index, String place, String body) {
  /** The number of hex digits by which an answer names its request. */
  private static final int DIGEST_DIGITS = 16;

  /** Returns the beginning of the body's SHA-256 in hex, by which an answer names its request. */
  String digest() {
    return Sha256.hex(body.getBytes(StandardCharsets.UTF_8)).substring(0, DIGEST_DIGITS);
  }
}
