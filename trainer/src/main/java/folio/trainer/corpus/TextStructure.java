package folio.trainer.corpus;

/**
 * The structure of a corpus: its documents and its vocabulary.
 *
 * @param separator the text that ends each document
 * @param byHash the percentages by which whole documents are assigned to the training, validation
 *     and test parts; null if the parts follow each other in the text
 * @param minFrequency the number of occurrences that a character needs to have an own entry in the
 *     vocabulary, at least 1; rarer ones share the unknown entry
 */
public record TextStructure(DocumentSeparator separator, SplitRule byHash, int minFrequency) {
  /** A running text, of which every character is in the vocabulary. */
  public static final TextStructure DEFAULT = new TextStructure(DocumentSeparator.NONE, null, 1);
}
