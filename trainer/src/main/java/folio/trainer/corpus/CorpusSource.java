package folio.trainer.corpus;

import folio.model.storage.Sha256;
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
    Alphabet alphabet = new Alphabet();
    Utf8Digest digest = new Utf8Digest();
    Region whole = read(request.texts(), request.format(), alphabet, digest);
    Region validation = read(request.validation(), request.format(), alphabet, digest);
    Region test = read(request.test(), request.format(), alphabet, digest);
    return new Corpus(request.name(), digest.hex(), alphabet, whole, validation, test);
  }

  /** Reads the texts of a part, or returns null if there are none. */
  private Region read(List<String> names, TextFormat format, Alphabet alphabet, Utf8Digest digest) {
    if (names.isEmpty()) {
      return null;
    }
    CharacterStore characters = new CharacterStore();
    digest.beginPart();
    IntConsumer sink =
        codePoint -> {
          digest.add(codePoint);
          characters.add(alphabet.count(codePoint));
        };
    new CorpusReader(format, notes, sink).read(sources(names, format), progress);
    return Region.all(characters);
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
