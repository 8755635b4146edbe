package folio.trainer.corpus;

import java.util.List;

/**
 * The texts of a corpus.
 *
 * @param texts names of texts: known names, files, folders, patterns, addresses or {@code -}
 * @param validation names of the texts of the validation part; if empty, it is a part of {@code
 *     texts}
 * @param test names of the texts of the test part; if empty, it is a part of {@code texts}
 * @param format how the bytes become characters
 * @param structure the documents and the vocabulary
 */
public record CorpusRequest(
    List<String> texts,
    List<String> validation,
    List<String> test,
    TextFormat format,
    TextStructure structure) {

  /** Returns the request for one text in the default format. */
  public static CorpusRequest of(String name) {
    return new CorpusRequest(
        List.of(name), List.of(), List.of(), TextFormat.DEFAULT, TextStructure.DEFAULT);
  }

  /** Returns a short name for all texts. */
  String name() {
    int others = texts.size() - 1;
    return texts.get(0) + (others == 0 ? "" : " and " + others + " more");
  }
}
