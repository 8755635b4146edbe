package folio.model.checkpoint;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import folio.model.checkpoint.CheckpointFacts.Fact;
import folio.model.checkpoint.CheckpointManifest.Corpus;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.text.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The writer of model cards. A card is a Markdown page with metadata in YAML, made from the
 * manifest. It says what a checkpoint is to people and to catalogues of models. No loader reads it.
 *
 * @see <a href="https://huggingface.co/docs/hub/model-cards">Hugging Face, Model Cards</a>
 */
public final class ModelCard {
  /** The name of the file, which people and catalogues look for. */
  public static final String FILE = "README.md";

  private final CheckpointDescription checkpoint;
  private final StringBuilder card = new StringBuilder();

  private ModelCard(CheckpointDescription checkpoint) {
    this.checkpoint = checkpoint;
  }

  /**
   * Returns the card of a checkpoint in UTF-8.
   *
   * @param checkpoint the description of a checkpoint with a manifest
   */
  public static byte[] of(CheckpointDescription checkpoint) {
    ModelCard card = new ModelCard(checkpoint);
    card.metadata();
    card.facts();
    card.settings();
    card.use();
    return card.card.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void line(String format, Object... values) {
    card.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private void metadata() {
    line("---");
    line("library_name: folio");
    line("pipeline_tag: text-generation");
    line("tags: [character-level, gru, recurrent-neural-network]");
    Corpus corpus = checkpoint.manifest().corpus();
    if (corpus != null) {
      line("corpus:");
      line("  name: %s", quoted(corpus.name()));
      line("  sha256: %s", quoted(corpus.sha256()));
      line("  characters: %d", corpus.characters());
      if (corpus.licence() != null) {
        line("  licence: %s", quoted(corpus.licence()));
      }
    }
    line("parameters: %d", checkpoint.config().parameterCount());
    results(checkpoint.manifest().losses(), corpus == null ? "unknown" : corpus.name());
    line("---");
    line("");
  }

  /** Adds the losses in the form that catalogues of models read. */
  private void results(Losses losses, String corpus) {
    if (losses == null || losses.validation().isEmpty()) {
      return;
    }
    line("model-index:");
    line("- name: %s", quoted(checkpoint.version()));
    line("  results:");
    result("validation", corpus, losses.validation());
    if (losses.test() != null) {
      result("test", corpus, losses.test());
    }
  }

  private void result(String split, String corpus, Map<String, Double> losses) {
    line("  - task: {type: text-generation}");
    line("    dataset: {type: text, name: %s, split: %s}", quoted(corpus), split);
    line("    metrics:");
    losses.forEach(
        (protocol, loss) ->
            line(
                "    - {type: cross-entropy, name: %s, value: %.4f}",
                quoted(protocol + ", nats per character"), loss));
  }

  private void facts() {
    line("# Checkpoint %s", checkpoint.version());
    line("");
    line(
        "This recurrent network generates text character by character. Folio trains and serves it.");
    line("");
    line("| | |");
    line("| --- | --- |");
    for (Fact fact : CheckpointFacts.of(checkpoint)) {
      line("| %s | %s |", fact.label(), cell(fact.text()));
    }
    Corpus corpus = checkpoint.manifest().corpus();
    if (corpus != null && corpus.licence() == null) {
      line("| licence | of the corpus: not stated |");
    }
    line("");
    line("A generated text may repeat passages of the corpus word for word.");
    line("");
  }

  private void settings() {
    Map<String, String> settings = checkpoint.manifest().settings();
    if (settings == null || settings.isEmpty()) {
      return;
    }
    line("## Settings");
    line("");
    line("| setting | value |");
    line("| --- | --- |");
    settings.forEach((name, value) -> line("| %s | %s |", cell(name), cell(value)));
    line("");
  }

  private void use() {
    line("## Use");
    line("");
    line("These commands of Folio use this folder; PATH is its path:");
    line("");
    for (String command : List.of("sample PATH --prompt TEXT", "publish PATH")) {
      line("    ./folio %s", command);
    }
    line("");
    line(
        "`publish` adds the checkpoint to a store, from which the service loads it. The tensors have");
    line("the names and shapes of PyTorch's `nn.Embedding`, `nn.GRU` and `nn.Linear`.");
  }

  /** Returns a text as a quoted string of YAML: one of JSON without invisible characters. */
  private static String quoted(String text) {
    String quoted = String.valueOf(JsonStringEncoder.getInstance().quoteAsString(text));
    return '"' + PrintableText.escape(quoted) + '"';
  }

  /** Returns a text as the content of a table's cell. */
  private static String cell(String text) {
    return PrintableText.escape(text).replace("\\", "\\\\").replaceAll("([|`*_<\\[])", "\\\\$1");
  }
}
