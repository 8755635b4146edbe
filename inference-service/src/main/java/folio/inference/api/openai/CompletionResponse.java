package folio.inference.api.openai;

import folio.inference.api.http.CharacterStream;

/** A response to {@code POST /v1/completions}; the body of the request alone chooses its format. */
sealed interface CompletionResponse {
  /** The completed answer. */
  record Completed(CompletionAnswer answer) implements CompletionResponse {}

  /** The events of a stream. */
  record Stream(CharacterStream events) implements CompletionResponse {}
}
