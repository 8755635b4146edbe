package folio.inference.generation;

/**
 * The number of characters that a generation read and wrote.
 *
 * @param promptTokens the number of prompt characters that were read
 * @param completionTokens the number of characters that were generated, including those that a stop
 *     sequence removed from the output
 */
public record Usage(int promptTokens, int completionTokens) {}
