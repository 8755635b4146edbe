package folio.trainer.evaluation;

/**
 * A part of a text that is scored.
 *
 * @param start the position of the first character that is read
 * @param length the number of characters that are scored: those after each one that is read
 */
record Span(long start, long length) {}
