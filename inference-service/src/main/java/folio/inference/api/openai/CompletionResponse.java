package folio.inference.api.openai;

import folio.inference.api.http.CharacterStream;

/** An answer of {@code POST /v1/completions}, which the body alone decides the form of. */
sealed interface CompletionResponse {
  /** The whole of it. */
  record Completed(CompletionAnswer answer) implements CompletionResponse {}

  /** Events while it is written. */
  record Stream(CharacterStream events) implements CompletionResponse {}
}
