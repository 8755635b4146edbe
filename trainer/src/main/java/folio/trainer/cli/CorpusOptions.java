package folio.trainer.cli;

import folio.model.storage.FileCache;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusSource;
import picocli.CommandLine.Option;

/** Which text. */
final class CorpusOptions {
  @Option(
      names = "--corpus",
      paramLabel = "TEXT",
      defaultValue = "tinyshakespeare",
      description = "tinyshakespeare (downloaded once), a UTF-8 file, or a URL.")
  private String name;

  Corpus open() {
    return new CorpusSource(FileCache.folderOf(System.getenv())).open(name);
  }
}
