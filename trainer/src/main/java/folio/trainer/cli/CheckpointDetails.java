package folio.trainer.cli;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.network.CharGruConfig;
import folio.model.text.PrintableText;
import folio.model.vocabulary.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A checkpoint as a text of labelled lines. */
final class CheckpointDetails {
  private static final int SHOWN_CHARACTERS = 120;
  private static final int SHOWN_DIGITS = 12;

  private final List<String> lines = new ArrayList<>();
  private String lastLabel;

  private CheckpointDetails() {}

  /**
   * Returns the lines.
   *
   * @param current whether {@code CURRENT} names the checkpoint
   */
  static List<String> of(Checkpoint checkpoint, boolean current) {
    CheckpointDetails details = new CheckpointDetails();
    details.history(checkpoint, current);
    details.losses(checkpoint.manifest().losses());
    details.network(checkpoint);
    details.add("vocabulary", vocabulary(checkpoint.vocabulary()));
    String separator = checkpoint.description().documentSeparator();
    if (separator != null) {
      details.add("documents", "each ends with " + printable(separator));
    }
    checkpoint
        .manifest()
        .files()
        .forEach(
            (name, file) ->
                details.add("file", name + ", " + CheckpointView.size(file.sizeBytes())));
    Map<String, String> settings = checkpoint.manifest().settings();
    if (settings != null) {
      settings.forEach((name, value) -> details.add("setting", "--" + name + " " + value));
    }
    return details.lines;
  }

  /** Adds a line; a label that is the same as in the line before is left out. */
  private void add(String label, String text) {
    lines.add(String.format("%-11s %s", label.equals(lastLabel) ? "" : label, text));
    lastLabel = label;
  }

  private void history(Checkpoint checkpoint, boolean current) {
    CheckpointManifest manifest = checkpoint.manifest();
    add("version", checkpoint.version() + (current ? ", which is CURRENT" : ""));
    String date = CheckpointView.date(manifest.version());
    if (!date.equals(manifest.version())) {
      add("published", date + " UTC");
    }
    if (manifest.parent() != null) {
      add("parent", manifest.parent());
    }
    add(
        "training",
        String.format(Locale.ROOT, "%,d steps", manifest.step())
            + (manifest.run() == null ? "" : " of run " + manifest.run()));
    CheckpointManifest.Corpus corpus = manifest.corpus();
    add(
        "corpus",
        corpus == null
            ? "unknown"
            : String.format(
                Locale.ROOT,
                "%s, %,d characters, SHA-256 %s…",
                corpus.name(),
                corpus.characters(),
                corpus.sha256().substring(0, Math.min(SHOWN_DIGITS, corpus.sha256().length()))));
  }

  private void losses(CheckpointManifest.Losses losses) {
    if (losses == null) {
      add("losses", "not measured");
      return;
    }
    losses.validation().forEach((protocol, loss) -> add("validation", loss(protocol, loss)));
    if (losses.test() != null) {
      losses.test().forEach((protocol, loss) -> add("test", loss(protocol, loss)));
    }
    if (losses.training() != null) {
      add("training", loss("with dropout", losses.training()));
    }
  }

  private static String loss(String protocol, double nats) {
    return String.format(
        Locale.ROOT, "%s: %.4f nats, %.4f bits per character", protocol, nats, nats / Math.log(2));
  }

  private void network(Checkpoint checkpoint) {
    CharGruConfig network = checkpoint.config();
    add(
        "network",
        String.format(
            Locale.ROOT,
            "%s, %d layers of %d units, embeddings of %d, %,d parameters in %s",
            network.network().name().toLowerCase(Locale.ROOT),
            network.layers(),
            network.hiddenSize(),
            network.embeddingSize(),
            network.parameterCount(),
            CheckpointView.precision(checkpoint.manifest(), network)));
  }

  private static String printable(String text) {
    return PrintableText.escape(text.replace("\n", "\\n"));
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
}
