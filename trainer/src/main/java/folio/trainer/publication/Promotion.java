package folio.trainer.publication;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointStore;

/** The rule by which a published checkpoint becomes {@code CURRENT}. */
public enum Promotion {
  /**
   * Promotes a checkpoint with a lower loss than the served one on the same corpus and protocol.
   */
  BETTER,
  /** Promotes every checkpoint. */
  ALWAYS,
  /** Promotes no checkpoint; {@code checkpoints promote} does so by hand. */
  NEVER;

  /**
   * The decision about a new checkpoint.
   *
   * @param promote whether the checkpoint becomes {@code CURRENT}
   * @param reason the reason in words, for the user
   */
  public record Decision(boolean promote, String reason) {}

  /**
   * Decides whether a published checkpoint becomes {@code CURRENT}.
   *
   * @param protocol the protocol of the validation loss to compare
   * @param candidate the manifest of the published checkpoint
   * @param store the store of {@code CURRENT}; without that file, the embedded checkpoint is served
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
      // The checkpoint stays published and training continues.
      return new Decision(false, "the served checkpoint cannot be compared: " + e.getMessage());
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
        "the served checkpoint, "
            + served.version()
            + ", "
            + why
            + "; use --promote always or checkpoints promote");
  }
}
