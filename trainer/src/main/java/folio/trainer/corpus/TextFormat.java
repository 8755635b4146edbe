package folio.trainer.corpus;

import java.nio.charset.Charset;
import java.text.Normalizer;

/**
 * How the bytes of a corpus become characters.
 *
 * @param encoding the encoding; null means UTF-8, or the one that a byte-order mark names
 * @param keepLineEnds whether CR LF and CR stay as they are; otherwise each becomes LF
 * @param form the Unicode normalisation form of the text, or null to leave it as it is
 */
public record TextFormat(Charset encoding, boolean keepLineEnds, Normalizer.Form form) {
  /** UTF-8 with normalised line ends. */
  public static final TextFormat DEFAULT = new TextFormat(null, false, null);
}
