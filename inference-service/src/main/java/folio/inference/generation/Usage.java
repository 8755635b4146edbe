package folio.inference.generation;

/**
 * Characters read and written.
 *
 * @param promptTokens read
 * @param completionTokens written, including what a stop text took back
 */
public record Usage(int promptTokens, int completionTokens) {}
