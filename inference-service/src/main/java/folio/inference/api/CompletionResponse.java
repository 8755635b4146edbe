package folio.inference.api;

/** An answer of {@code POST /v1/completions}, which the body alone decides the form of. */
sealed interface CompletionResponse {
  /** The whole of it. */
  record Whole(CompletionAnswer answer) implements CompletionResponse {}

  /** Events while it is written. */
  record Stream(CharacterStream events) implements CompletionResponse {}
}
