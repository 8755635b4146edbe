package folio.trainer.corpus;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.storage.DurableFiles;
import folio.model.storage.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Consumer;

/**
 * Copies of downloaded texts. A copy is checked with its server before it is used, and replaced if
 * the text at the address has changed. A copy is replaced in one step, and only by a valid text.
 */
final class CachedDownloads {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** The number of hex digits of a text's digest in the name of its copy under another name. */
  private static final int DIGEST_DIGITS = 8;

  private final Path folder;
  private final boolean refresh;
  private final Consumer<String> notes;

  /**
   * Creates the cache.
   *
   * @param folder the folder of the copies, which is created at the first download
   * @param refresh whether every text is downloaded anew
   * @param notes receives a line about each download and each copy
   */
  CachedDownloads(Path folder, boolean refresh, Consumer<String> notes) {
    this.folder = folder;
    this.refresh = refresh;
    this.notes = notes;
  }

  /**
   * The file next to a copy.
   *
   * @param sha256 the digest of the copy that the validators belong to
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  private record Origin(String sha256, WebText.Validators validators) {}

  private record Copy(Path file, Corpus corpus, WebText.Validators validators) {
    String sha256() {
      return corpus.description().sha256();
    }
  }

  /**
   * Returns the text at an address, or its copy if the server cannot be reached or says that the
   * text is unchanged.
   *
   * @param name the name that the user entered
   * @param key the name of the copy without its extension
   * @throws CorpusException if there is neither a valid text at the address nor a copy
   */
  Corpus open(String name, String key, WebText text) {
    Copy copy = read(name, folder.resolve(key + ".txt"), text);
    if (copy != null && text.sha256() != null && !refresh) {
      return copy.corpus(); // its digest is known, so the server has nothing to add
    }
    boolean conditional = copy != null && !refresh;
    try {
      WebText.Answer answer = text.get(conditional ? copy.validators() : WebText.Validators.NONE);
      if (answer.unchanged()) {
        notes.accept(text.address() + " is unchanged; using the copy in " + copy.file());
        return copy.corpus();
      }
      Corpus corpus = Corpus.of(name, answer.body());
      keep(key, answer, copy);
      return corpus;
    } catch (IOException e) {
      if (!conditional) {
        throw new CorpusException(e.getMessage() + "; name a file with --corpus FILE", e);
      }
      return instead(copy, e);
    } catch (CorpusException e) {
      if (!conditional) {
        throw e;
      }
      return instead(copy, e);
    }
  }

  private Corpus instead(Copy copy, Exception reason) {
    notes.accept("warning: " + reason.getMessage() + "; using the copy in " + copy.file());
    return copy.corpus();
  }

  /** Returns a copy, or null if there is none or it is not a valid text. */
  private static Copy read(String name, Path file, WebText text) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (text.problem("", bytes) != null) {
        return null;
      }
      Corpus corpus = Corpus.of(name, bytes);
      Origin origin = origin(file);
      boolean matches = origin != null && corpus.description().sha256().equals(origin.sha256());
      return new Copy(file, corpus, matches ? origin.validators() : WebText.Validators.NONE);
    } catch (NoSuchFileException | CorpusException e) {
      return null;
    } catch (IOException e) {
      throw unusable(file, e);
    }
  }

  private static Path originFile(Path copy) {
    return copy.resolveSibling(copy.getFileName().toString().replaceFirst("\\.txt$", ".json"));
  }

  private static Origin origin(Path copy) {
    try {
      Origin origin = JSON.readValue(Files.readAllBytes(originFile(copy)), Origin.class);
      return origin == null || origin.validators() == null ? null : origin;
    } catch (IOException e) {
      return null; // an earlier release wrote the copy alone; the text is then downloaded again
    }
  }

  private void keep(String key, WebText.Answer answer, Copy earlier) {
    Path file = folder.resolve(key + ".txt");
    String sha256 = Sha256.hex(answer.body());
    boolean changed = earlier != null && !earlier.sha256().equals(sha256);
    try {
      Files.createDirectories(folder);
      String kept = "";
      if (changed) {
        // A run that began with the earlier text can only be resumed with that text.
        String digest = earlier.sha256().substring(0, DIGEST_DIGITS);
        Path other = folder.resolve(key + "-" + digest + ".txt");
        replace(other, Files.readAllBytes(file));
        kept = "; the earlier text is in " + other;
      }
      replace(file, answer.body());
      replace(originFile(file), JSON.writeValueAsBytes(new Origin(sha256, answer.validators())));
      notes.accept(
          answer.address()
              + (changed ? " has changed; downloaded to " : " was downloaded to ")
              + file
              + kept);
    } catch (IOException e) {
      throw unusable(file, e);
    }
  }

  /** Replaces a file in one step. Two processes may do so at once, so each writes its own first. */
  private static void replace(Path file, byte[] content) throws IOException {
    Path own = file.resolveSibling(file.getFileName() + "-" + ProcessHandle.current().pid());
    DurableFiles.replace(own, content);
    Files.move(own, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static CorpusException unusable(Path file, IOException e) {
    return new CorpusException("the corpus cannot be cached in " + file + ": " + e.getMessage(), e);
  }
}
