package folio.trainer.publication;

import folio.model.checkpoint.CheckpointDraft;
import folio.model.checkpoint.CheckpointDraft.Origin;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.checkpoint.PromotionConflictException;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Publishes the improvements of one run, and keeps the newest of them. */
public final class Publisher {
  private final CheckpointStore store;
  private final Promotion promotion;
  private final int keep;
  private final Run run;

  /**
   * What all checkpoints of a run have in common.
   *
   * @param id the run
   * @param vocabulary of its corpus
   * @param corpus what it is trained on
   * @param canaryText some of its validation text
   * @param settings by name
   * @param protocol the validation loss that decides what an improvement is
   */
  public record Run(
      String id,
      Vocabulary vocabulary,
      CheckpointManifest.Corpus corpus,
      String canaryText,
      Map<String, String> settings,
      String protocol) {}

  /**
   * What came of publishing.
   *
   * @param version the new checkpoint
   * @param verdict whether it became {@code CURRENT}, and why
   */
  public record Published(String version, Promotion.Decision verdict) {}

  /**
   * A publisher for one run.
   *
   * @param store where to
   * @param promotion when {@code CURRENT} moves
   * @param keep how many of the run's checkpoints stay, at least 1
   */
  public Publisher(CheckpointStore store, Promotion promotion, int keep, Run run) {
    this.store = store;
    this.promotion = promotion;
    this.keep = keep;
    this.run = run;
  }

  /**
   * Publishes a network, unless this run published it before it was resumed.
   *
   * @param network stays the caller's
   * @param step steps taken
   * @throws CheckpointException if the store cannot be written
   */
  public Published publish(CharGru network, long step, Losses losses) {
    try (CheckpointWriter writer = store.write()) {
      List<CheckpointManifest> earlier = published();
      Optional<CheckpointManifest> same =
          earlier.stream().filter(manifest -> manifest.step() == step).findFirst();
      String version =
          same.isPresent()
              ? same.get().version()
              : writer.publish(draft(network, step, losses, earlier));
      Promotion.Decision verdict = promotion.decide(run.protocol(), store.manifest(version), store);
      if (verdict.promote()) {
        verdict = promoted(writer, version, verdict);
      }
      retain(writer);
      return new Published(version, verdict);
    }
  }

  private static Promotion.Decision promoted(
      CheckpointWriter writer, String version, Promotion.Decision verdict) {
    try {
      writer.promote(version);
      return verdict;
    } catch (PromotionConflictException e) {
      return new Promotion.Decision(false, e.getMessage()); // training goes on
    }
  }

  private CheckpointDraft draft(
      CharGru network, long step, Losses losses, List<CheckpointManifest> earlier) {
    String parent = earlier.isEmpty() ? null : earlier.get(earlier.size() - 1).version();
    Origin origin = new Origin(parent, run.id(), step, run.corpus(), losses, run.settings());
    return new CheckpointDraft(
        network, run.vocabulary(), Precision.FLOAT32, run.canaryText(), origin);
  }

  /** This run's checkpoints, oldest first; a foreign one that cannot be read is not ours. */
  private List<CheckpointManifest> published() {
    return store.versions().stream()
        .flatMap(version -> readable(version).stream())
        .filter(manifest -> run.id().equals(manifest.run()))
        .toList();
  }

  private Optional<CheckpointManifest> readable(String version) {
    try {
      return Optional.of(store.manifest(version));
    } catch (CheckpointException e) {
      return Optional.empty();
    }
  }

  private static void deleteUnlessPromoted(CheckpointWriter writer, String version) {
    try {
      writer.delete(version);
    } catch (CheckpointException e) {
      // Another writer wants it, or was faster; what stays is looked at again next time.
    }
  }

  private void retain(CheckpointWriter writer) {
    List<CheckpointManifest> all = published();
    Optional<String> current;
    try {
      current = store.current();
    } catch (CheckpointException e) {
      return; // as long as nobody knows what is served, nothing is deleted
    }
    for (CheckpointManifest old : all.subList(0, Math.max(0, all.size() - keep))) {
      if (!current.equals(Optional.of(old.version()))) {
        deleteUnlessPromoted(writer, old.version());
      }
    }
  }
}
