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

/** A publisher of one run's checkpoints. It retains the newest of them. */
public final class Publisher {
  private final CheckpointStore store;
  private final Promotion promotion;
  private final int retained;
  private final Run run;

  /**
   * The properties that all checkpoints of a run share.
   *
   * @param id the id of the run
   * @param vocabulary the vocabulary of the corpus
   * @param corpus the training text
   * @param canaryText a part of the validation text
   * @param settings the training settings by name
   * @param parent the version whose weights the run began with, or null
   * @param documentSeparator the text that ends each document of the training text, or null
   */
  public record Run(
      String id,
      Vocabulary vocabulary,
      CheckpointManifest.Corpus corpus,
      String canaryText,
      Map<String, String> settings,
      String parent,
      String documentSeparator) {}

  /**
   * A published checkpoint.
   *
   * @param version the name of the checkpoint
   * @param decision whether the checkpoint became {@code CURRENT}, and the reason
   */
  public record Published(String version, Promotion.Decision decision) {}

  /**
   * Creates a publisher for one run.
   *
   * @param store the store of the checkpoints
   * @param promotion the rule by which a checkpoint becomes {@code CURRENT}
   * @param retained the number of the run's checkpoints to retain, at least 1
   * @param run the properties that the checkpoints share
   */
  public Publisher(CheckpointStore store, Promotion promotion, int retained, Run run) {
    this.store = store;
    this.promotion = promotion;
    this.retained = retained;
    this.run = run;
  }

  /**
   * Publishes a network, promotes it if the rule says so, and deletes old checkpoints of the run. A
   * step that the run published before it was resumed is not published again.
   *
   * @param network the weights; the caller closes the network
   * @param step the number of steps taken
   * @param losses the losses of the network
   * @throws CheckpointException if the store cannot be written
   */
  public Published publish(CharGru network, long step, Losses losses) {
    return publish(network, step, losses, run.settings(), null);
  }

  /**
   * Publishes a network like {@link #publish}, in place of the checkpoint of the same step. If that
   * one is {@code CURRENT}, the new one becomes it.
   *
   * @param settings the settings of the checkpoint by name
   * @param reason why it becomes {@code CURRENT} if the other is
   */
  public Published replace(
      CharGru network, long step, Losses losses, Map<String, String> settings, String reason) {
    return publish(network, step, losses, settings, reason);
  }

  /** Publishes a network, in place of another checkpoint of its step if there is a reason. */
  private Published publish(
      CharGru network, long step, Losses losses, Map<String, String> settings, String reason) {
    boolean replacing = reason != null;
    try (CheckpointWriter writer = store.write()) {
      List<CheckpointManifest> earlier = published();
      Optional<CheckpointManifest> same = of(step, earlier);
      String version =
          same.isPresent() && !replacing
              ? same.get().version()
              : writer.publish(draft(network, step, losses, settings, earlier));
      boolean served = replacing && same.isPresent() && isCurrent(same.get().version());
      Promotion.Decision decision =
          served
              ? new Promotion.Decision(true, reason)
              : promotion.decide(store.manifest(version), store);
      if (decision.promote()) {
        decision = promote(writer, version, decision);
      }
      if (replacing && same.isPresent()) {
        deleteUnlessPromoted(writer, same.get().version());
      }
      deleteOld(writer);
      return new Published(version, decision);
    }
  }

  private boolean isCurrent(String version) {
    try {
      return store.current().filter(version::equals).isPresent();
    } catch (CheckpointException e) {
      return false;
    }
  }

  private static Optional<CheckpointManifest> of(long step, List<CheckpointManifest> manifests) {
    return manifests.stream().filter(manifest -> manifest.step() == step).findFirst();
  }

  /** Returns the manifest of this run's checkpoint of a step, if it is in the store. */
  public Optional<CheckpointManifest> published(long step) {
    return of(step, published());
  }

  private static Promotion.Decision promote(
      CheckpointWriter writer, String version, Promotion.Decision decision) {
    try {
      writer.promote(version);
      return decision;
    } catch (PromotionConflictException e) {
      return new Promotion.Decision(false, e.getMessage()); // training continues
    }
  }

  private CheckpointDraft draft(
      CharGru network,
      long step,
      Losses losses,
      Map<String, String> settings,
      List<CheckpointManifest> earlier) {
    String parent = earlier.isEmpty() ? run.parent() : earlier.get(earlier.size() - 1).version();
    Origin origin =
        new Origin(parent, run.id(), step, run.corpus(), losses, settings, run.documentSeparator());
    return new CheckpointDraft(
        network, run.vocabulary(), Precision.FLOAT32, run.canaryText(), origin);
  }

  /** Returns this run's checkpoints, oldest first. Unreadable checkpoints are not this run's. */
  private List<CheckpointManifest> published() {
    return store.versions().stream()
        .flatMap(version -> manifest(version).stream())
        .filter(manifest -> run.id().equals(manifest.run()))
        .toList();
  }

  private Optional<CheckpointManifest> manifest(String version) {
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
      // It is CURRENT, or what is CURRENT cannot be read, or another writer has deleted it.
    }
  }

  private void deleteOld(CheckpointWriter writer) {
    List<CheckpointManifest> all = published();
    for (CheckpointManifest old : all.subList(0, Math.max(0, all.size() - retained))) {
      deleteUnlessPromoted(writer, old.version());
    }
  }
}
