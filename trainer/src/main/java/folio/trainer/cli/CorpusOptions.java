package folio.trainer.cli;

import folio.model.storage.FileCache;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusSource;
import picocli.CommandLine.Option;

/** The option that names the text. */
final class CorpusOptions {
  @Option(
      names = "--corpus",
      paramLabel = "TEXT",
      defaultValue = "tinyshakespeare",
      description = "The text: tinyshakespeare (downloaded once), a UTF-8 file or an http(s) URL.")
  private String name;

  /**
   * Reads the text, and downloads it first where needed.
   *
   * @throws folio.trainer.corpus.CorpusException if it cannot be read or is not a text
   */
  Corpus open() {
    return new CorpusSource(FileCache.folderOf(System.getenv())).open(name);
  }
}
