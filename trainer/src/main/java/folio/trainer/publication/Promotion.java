package folio.trainer.publication;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointStore;

/** When a published checkpoint becomes {@code CURRENT}. */
public enum Promotion {
  /** If its loss beats that of what is served now, on the same corpus and protocol. */
  BETTER,
  /** Every time. */
  ALWAYS,
  /** Never; {@code checkpoints promote} remains. */
  NEVER;

  /**
   * What the rule says of a new checkpoint, and why.
   *
   * @param promote whether it becomes {@code CURRENT}
   * @param reason a sentence for the person who trains
   */
  public record Decision(boolean promote, String reason) {}

  /**
   * Decides.
   *
   * @param protocol the validation loss to compare
   * @param candidate what was just published
   * @param store where {@code CURRENT} is; without one, the embedded checkpoint is what is served
   */
  public Decision decide(String protocol, CheckpointManifest candidate, CheckpointStore store) {
    return switch (this) {
      case ALWAYS -> new Decision(true, "--promote always");
      case NEVER -> new Decision(false, "--promote never");
      case BETTER -> better(protocol, candidate, store);
    };
  }

  private static Decision better(
      String protocol, CheckpointManifest candidate, CheckpointStore store) {
    try {
      CheckpointManifest served =
          store.current().map(store::manifest).orElseGet(() -> Checkpoint.embedded().manifest());
      return compare(protocol, candidate, served);
    } catch (CheckpointException e) {
      // What is published stays published; training goes on.
      return new Decision(false, "there is nothing to compare with: " + e.getMessage());
    }
  }

  private static Decision compare(
      String protocol, CheckpointManifest candidate, CheckpointManifest served) {
    Double servedLoss = served.losses() == null ? null : served.losses().of(protocol);
    if (servedLoss == null) {
      return incomparable(served, "has no measured loss");
    }
    if (served.corpus() == null || !served.corpus().sha256().equals(candidate.corpus().sha256())) {
      return incomparable(served, "was measured on another text");
    }
    double loss = candidate.losses().of(protocol);
    String figures = String.format("%.4f against %.4f of %s", loss, servedLoss, served.version());
    return loss < servedLoss
        ? new Decision(true, "better: " + figures)
        : new Decision(false, "not better: " + figures);
  }

  private static Decision incomparable(CheckpointManifest served, String why) {
    return new Decision(
        false,
        "what is served, "
            + served.version()
            + ", "
            + why
            + "; use --promote always or checkpoints promote");
  }
}
