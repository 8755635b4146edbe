package folio.trainer.cli;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointFacts;
import folio.model.checkpoint.CheckpointFacts.Fact;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A checkpoint as a text of labelled lines. */
final class CheckpointDetails {
  private CheckpointDetails() {}

  /**
   * Returns the lines.
   *
   * @param current whether {@code CURRENT} names the checkpoint
   */
  static List<String> of(Checkpoint checkpoint, boolean current) {
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("version", checkpoint.version() + (current ? ", which is CURRENT" : "")));
    facts.addAll(CheckpointFacts.of(checkpoint.description()));
    Map<String, String> settings = checkpoint.manifest().settings();
    if (settings != null) {
      settings.forEach((name, value) -> facts.add(new Fact("setting", "--" + name + " " + value)));
    }
    List<String> lines = new ArrayList<>();
    String last = "";
    for (Fact fact : facts) {
      // A label that is the same as in the line before is left out.
      lines.add(
          String.format("%-11s %s", fact.label().equals(last) ? "" : fact.label(), fact.text()));
      last = fact.label();
    }
    return lines;
  }
}
