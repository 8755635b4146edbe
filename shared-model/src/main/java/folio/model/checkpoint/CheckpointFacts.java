package folio.model.checkpoint;

import folio.model.checkpoint.CheckpointManifest.Corpus;
import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.network.CharGruConfig;
import folio.model.text.PrintableText;
import folio.model.vocabulary.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The facts about a checkpoint in words, as a person reads them. */
public final class CheckpointFacts {
  private static final int SHOWN_CHARACTERS = 120;
  private static final int SHOWN_DIGITS = 12;
  private static final double KB = 1e3;
  private static final double MB = 1e6;

  private final List<Fact> facts = new ArrayList<>();

  private CheckpointFacts() {}

  /**
   * One fact.
   *
   * @param label the subject, such as {@code corpus}; several facts may have the same one
   * @param text a phrase in one line of printable characters
   */
  public record Fact(String label, String text) {}

  /**
   * Returns the facts in the order in which a person asks for them: history, losses, network,
   * vocabulary, documents, files.
   *
   * @param description the description of a checkpoint with a manifest
   */
  public static List<Fact> of(CheckpointDescription description) {
    CheckpointFacts facts = new CheckpointFacts();
    facts.addHistory(description.manifest());
    facts.addLosses(description.manifest().losses());
    facts.add("network", network(description));
    facts.add("vocabulary", vocabulary(description.vocabulary()));
    if (description.documentSeparator() != null) {
      facts.add("documents", "each ends with " + printable(description.documentSeparator()));
    }
    description
        .manifest()
        .files()
        .forEach((name, file) -> facts.add("file", name + ", " + size(file.sizeBytes())));
    return facts.facts;
  }

  /** Returns the time at which a version was published, from its name, to the minute, in UTC. */
  public static String date(String version) {
    return version.replaceFirst(
        "^(\\d{4})(\\d{2})(\\d{2})T(\\d{2})(\\d{2})(\\d{2})Z-.*$", "$1-$2-$3 $4:$5");
  }

  /** Returns a size in the largest unit that gives at least one. */
  public static String size(long bytes) {
    if (bytes < KB) {
      return bytes + " bytes";
    }
    return bytes < MB
        ? String.format(Locale.ROOT, "%.0f kB", bytes / KB)
        : String.format(Locale.ROOT, "%.1f MB", bytes / MB);
  }

  /** Returns the type of the stored weights, which their size tells. */
  public static String precision(CheckpointManifest manifest, CharGruConfig network) {
    long halves = network.parameterCount() * Short.BYTES;
    FileEntry weights = manifest.files().get(CheckpointFiles.WEIGHTS);
    return weights != null && weights.sizeBytes() < halves + halves / 2 ? "float16" : "float32";
  }

  private void add(String label, String text) {
    facts.add(new Fact(label, text));
  }

  private void addHistory(CheckpointManifest manifest) {
    String date = date(manifest.version());
    if (!date.equals(manifest.version())) {
      add("published", date + " UTC");
    }
    if (manifest.parent() != null) {
      add("parent", manifest.parent());
    }
    if (manifest.step() == 0) {
      add("training", "by another program");
    } else {
      String run = manifest.run() == null ? "" : " of run " + manifest.run();
      add("training", String.format(Locale.ROOT, "%,d steps", manifest.step()) + run);
    }
    Corpus corpus = manifest.corpus();
    add("corpus", corpus == null ? "unknown" : corpus(corpus));
    if (corpus != null && corpus.licence() != null) {
      add("licence", "of the corpus: " + printable(corpus.licence()));
    }
  }

  private static String corpus(Corpus corpus) {
    return String.format(
        Locale.ROOT,
        "%s, %,d characters, SHA-256 %s…",
        printable(corpus.name()),
        corpus.characters(),
        corpus.sha256().substring(0, Math.min(SHOWN_DIGITS, corpus.sha256().length())));
  }

  private void addLosses(Losses losses) {
    if (losses == null) {
      add("losses", "not measured");
      return;
    }
    losses.validation().forEach((protocol, loss) -> add("validation", loss(protocol, loss)));
    if (losses.test() != null) {
      losses.test().forEach((protocol, loss) -> add("test", loss(protocol, loss)));
    }
    if (losses.training() != null) {
      add("training", loss("loss, dropout included", losses.training()));
    }
  }

  private static String loss(String protocol, double nats) {
    return String.format(
        Locale.ROOT, "%s: %.4f nats, %.4f bits per character", protocol, nats, nats / Math.log(2));
  }

  private static String network(CheckpointDescription description) {
    CharGruConfig network = description.config();
    return String.format(
        Locale.ROOT,
        "%s, %d layers of %d units, embeddings of %d, %,d parameters in %s",
        network.network().name().toLowerCase(Locale.ROOT),
        network.layers(),
        network.hiddenSize(),
        network.embeddingSize(),
        network.parameterCount(),
        precision(description.manifest(), network));
  }

  private static String vocabulary(Vocabulary vocabulary) {
    List<String> characters = vocabulary.characters();
    List<String> shown = characters.subList(0, Math.min(SHOWN_CHARACTERS, characters.size()));
    return String.format(
        Locale.ROOT,
        "%,d characters%s: %s%s",
        characters.size(),
        vocabulary.hasUnknownEntry() ? " and the unknown entry" : "",
        printable(String.join("", shown)),
        shown.size() < characters.size() ? "…" : "");
  }

  private static String printable(String text) {
    return PrintableText.escape(text.replace("\n", "\\n"));
  }
}
