package folio.trainer.corpus;

import folio.model.storage.Sha256;
import folio.trainer.corpus.Corpus.Parts;
import folio.trainer.corpus.Corpus.Region;
import folio.trainer.corpus.CorpusReader.Source;
import folio.trainer.corpus.TextFiles.TextFile;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * A source of corpora: known texts, files, folders, addresses and standard input. Texts are read
 * once, block by block.
 */
public final class CorpusSource {
  /** The name of standard input. */
  private static final String STANDARD_INPUT = "-";

  private static final Map<String, WebText> KNOWN =
      Map.of(
          "tinyshakespeare",
          new WebText(
              URI.create(
                  "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"),
              "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"));

  /** The number of hex digits of a URL's digest in the name of its cached file. */
  private static final int URL_KEY_DIGITS = 16;

  private final Path cache;
  private final boolean refresh;
  private final Consumer<String> notes;
  private final ReadProgress progress;

  /**
   * Creates a source with a cache.
   *
   * @param cache the folder of the downloads, which is created at the first download
   * @param refresh whether texts are downloaded anew, even if the server says they are unchanged
   * @param notes receives a line about each download, each copy that is used instead, and each
   *     change to a text
   * @param progress receives the progress of reading
   */
  public CorpusSource(Path cache, boolean refresh, Consumer<String> notes, ReadProgress progress) {
    this.cache = cache;
    this.refresh = refresh;
    this.notes = notes;
    this.progress = progress;
  }

  /**
   * Reads a corpus. A URL is requested each time; its copy is used if it is unchanged or cannot be
   * reached.
   *
   * @throws CorpusException if a text cannot be read, if the digest of a known text differs, or if
   *     bytes are not text
   */
  public Corpus open(CorpusRequest request) {
    return new Reading(request).corpus();
  }

  /** The reading of the parts of one corpus. */
  private final class Reading {
    private final CorpusRequest request;
    private final TextStructure structure;
    private final Alphabet alphabet = new Alphabet();
    private final Utf8Digest digest = new Utf8Digest();

    Reading(CorpusRequest request) {
      this.request = request;
      this.structure = request.structure();
    }

    Corpus corpus() {
      Parts parts = structure.byHash() == null ? named() : hashed();
      return new Corpus(request.name(), digest.hex(), alphabet, structure, parts);
    }

    private Parts named() {
      return new Parts(whole(request.texts()), whole(request.validation()), whole(request.test()));
    }

    /** Reads the texts of a part, or returns null if there are none. */
    private Region whole(List<String> names) {
      if (names.isEmpty()) {
        return null;
      }
      CharacterStore characters = new CharacterStore();
      read(names, (codePoint, number) -> characters.add(number), () -> {});
      return Region.all(characters);
    }

    private Parts hashed() {
      DocumentParts parts = new DocumentParts(structure.byHash());
      read(request.texts(), parts::add, parts::end);
      return new Parts(
          Region.all(parts.training()),
          Region.all(parts.validation()),
          parts.test().size() == 0 ? null : Region.all(parts.test()));
    }

    private void read(List<String> names, CharacterSink sink, Runnable onDocumentEnd) {
      digest.beginPart();
      IntConsumer counted =
          codePoint -> {
            digest.add(codePoint);
            sink.add(codePoint, alphabet.count(codePoint));
          };
      List<Source> sources = sources(names, request.format());
      if (structure.separator().isNone()) {
        new CorpusReader(request.format(), notes, counted, null).read(sources, progress);
        return;
      }
      DocumentEnds documents = new DocumentEnds(structure.separator(), counted, onDocumentEnd);
      new CorpusReader(request.format(), notes, documents, documents::endText)
          .read(sources, progress);
      if (documents.count() < 2) {
        throw new CorpusException(
            "--document-separator is "
                + structure.separator()
                + ", which does not occur inside "
                + String.join(", ", names)
                + "; name the text that ends each document");
      }
      notes.accept(String.format("read %,d documents", documents.count()));
    }
  }

  private interface CharacterSink {
    void add(int codePoint, int number);
  }

  private List<Source> sources(List<String> names, TextFormat format) {
    CachedDownloads downloads = new CachedDownloads(cache, refresh, format, notes);
    List<Source> sources = new ArrayList<>();
    for (String name : names) {
      WebText known = KNOWN.get(name);
      if (name.equals(STANDARD_INPUT)) {
        sources.add(new Source("standard input", null));
      } else if (known != null) {
        sources.add(new Source(name, new TextFile(downloads.open(name, name, known), false)));
      } else if (WebText.isUrl(name)) {
        Path copy = downloads.open(name, key(name), WebText.at(name));
        sources.add(new Source(name, new TextFile(copy, false)));
      } else {
        for (TextFile file : TextFiles.named(name)) {
          sources.add(new Source(file.path().toString(), file));
        }
      }
    }
    return sources;
  }

  private static String key(String url) {
    return Sha256.hex(url.getBytes(StandardCharsets.UTF_8)).substring(0, URL_KEY_DIGITS);
  }
}
