package folio.trainer.publication;

import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointStore;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The rule by which a published checkpoint becomes {@code CURRENT}. */
public enum Promotion {
  /**
   * Promotes the first checkpoint of a store without {@code CURRENT}, and a checkpoint with a lower
   * loss than that of {@code CURRENT} on the same corpus and protocol.
   */
  BETTER,
  /** Promotes every checkpoint. */
  ALWAYS,
  /** Promotes no checkpoint; {@code checkpoints promote} does so by hand. */
  NEVER;

  /** The options that divide the text, with the values of a manifest that does not name them. */
  private static final List<Map.Entry<String, String>> DEFAULT_DIVISION =
      List.of(
          Map.entry("split", "90,10"),
          Map.entry("split-by", "position"),
          Map.entry("document-separator", ""));

  /**
   * The decision about a new checkpoint.
   *
   * @param promote whether the checkpoint becomes {@code CURRENT}
   * @param reason the reason in words, for the user
   */
  public record Decision(boolean promote, String reason) {}

  /**
   * A forecast for the checkpoints of a run.
   *
   * @param served whether some may be served without a further command
   * @param text a sentence for the user
   */
  public record Forecast(boolean served, String text) {}

  /**
   * Returns the forecast for the checkpoints of a run that begins.
   *
   * @param protocol the protocol of the validation loss that is measured at the end of the run
   * @param corpus the corpus of the run
   * @param settings the settings of the run
   */
  public Forecast forecast(
      String protocol,
      CheckpointManifest.Corpus corpus,
      Map<String, String> settings,
      CheckpointStore store) {
    return switch (this) {
      case ALWAYS ->
          new Forecast(true, "every published checkpoint becomes CURRENT (--promote always)");
      case NEVER -> new Forecast(false, "no checkpoint becomes CURRENT (--promote never)");
      case BETTER -> forecastBetter(protocol, corpus, settings, store);
    };
  }

  private static Forecast forecastBetter(
      String protocol,
      CheckpointManifest.Corpus corpus,
      Map<String, String> settings,
      CheckpointStore store) {
    try {
      Optional<CheckpointManifest> served = store.current().map(store::manifest);
      if (served.isEmpty()) {
        return new Forecast(
            true, "the first checkpoint becomes CURRENT, because " + store + " has none");
      }
      String obstacle = obstacle(served.get(), corpus, settings);
      Double loss = served.get().losses() == null ? null : served.get().losses().of(protocol);
      if (obstacle == null && loss == null) {
        return new Forecast(
            true,
            "a checkpoint becomes CURRENT when its loss on the same sample of the validation part is"
                + " below that of "
                + served.get().version());
      }
      return obstacle == null
          ? new Forecast(
              true,
              String.format(
                  "a checkpoint becomes CURRENT when its %s loss is below the %.4f nats of %s",
                  protocol, loss, served.get().version()))
          : new Forecast(
              false,
              "no checkpoint of this run becomes CURRENT: that is "
                  + served.get().version()
                  + ", which "
                  + obstacle
                  + "; with --promote always this run's are served");
    } catch (CheckpointException e) {
      return new Forecast(false, "CURRENT cannot be read: " + e.getMessage());
    }
  }

  /** Returns why losses cannot be compared with those of the served checkpoint, or null. */
  private static String obstacle(
      CheckpointManifest served, CheckpointManifest.Corpus corpus, Map<String, String> settings) {
    if (served.losses() == null || served.losses().validation().isEmpty()) {
      return "has no measured loss";
    }
    if (served.corpus() == null) {
      return "was measured on an unknown text";
    }
    if (!served.corpus().sha256().equals(corpus.sha256())) {
      return "was measured on another text, " + served.corpus().name();
    }
    for (Map.Entry<String, String> option : DEFAULT_DIVISION) {
      String then = setting(served.settings(), option);
      if (!then.equalsIgnoreCase(setting(settings, option))) {
        String value = then.isEmpty() ? "''" : then;
        return "was measured on another part of the text (--" + option.getKey() + " " + value + ")";
      }
    }
    return null;
  }

  private static String setting(Map<String, String> settings, Map.Entry<String, String> option) {
    return settings == null
        ? option.getValue()
        : settings.getOrDefault(option.getKey(), option.getValue());
  }

  /**
   * Decides whether a published checkpoint becomes {@code CURRENT}.
   *
   * @param candidate the manifest of the published checkpoint
   */
  public Decision decide(CheckpointManifest candidate, CheckpointStore store) {
    return switch (this) {
      case ALWAYS -> new Decision(true, "--promote always");
      case NEVER -> new Decision(false, "--promote never");
      case BETTER -> better(candidate, store);
    };
  }

  /**
   * Returns the version with the lowest loss of those that were measured like {@code CURRENT}, or
   * like the newest version if there is no {@code CURRENT}: on the same whole validation part.
   */
  public static Optional<String> best(CheckpointStore store) {
    List<CheckpointManifest> all =
        store.versions().stream().flatMap(version -> readable(store, version)).toList();
    if (all.isEmpty()) {
      return Optional.empty();
    }
    CheckpointManifest newest = all.get(all.size() - 1);
    CheckpointManifest like =
        store.current().flatMap(current -> readable(store, current).findFirst()).orElse(newest);
    if (like.losses() == null || like.corpus() == null) {
      return Optional.empty();
    }
    return Stream.of("documents", "windows-256")
        .filter(protocol -> like.losses().of(protocol) != null)
        .findFirst()
        .flatMap(
            protocol ->
                all.stream()
                    .filter(each -> each.corpus() != null && each.losses() != null)
                    .filter(each -> each.losses().of(protocol) != null)
                    .filter(each -> obstacle(like, each.corpus(), each.settings()) == null)
                    .min(Comparator.comparingDouble(each -> each.losses().of(protocol))))
        .map(CheckpointManifest::version);
  }

  private static Stream<CheckpointManifest> readable(CheckpointStore store, String version) {
    try {
      return Stream.of(store.manifest(version));
    } catch (CheckpointException e) {
      return Stream.empty();
    }
  }

  private static Decision better(CheckpointManifest candidate, CheckpointStore store) {
    try {
      Optional<CheckpointManifest> served = store.current().map(store::manifest);
      return served.isEmpty()
          ? new Decision(true, "there was no CURRENT")
          : compare(candidate, served.get());
    } catch (CheckpointException e) {
      // The checkpoint stays published and training continues.
      return new Decision(false, "the served checkpoint cannot be compared: " + e.getMessage());
    }
  }

  private static Decision compare(CheckpointManifest candidate, CheckpointManifest served) {
    String obstacle = obstacle(served, candidate.corpus(), candidate.settings());
    if (obstacle != null) {
      return new Decision(false, "the served checkpoint, " + served.version() + ", " + obstacle);
    }
    Map<String, Double> losses = candidate.losses().validation();
    Optional<String> common =
        losses.keySet().stream()
            .filter(protocol -> protocol.startsWith("windows-") || protocol.startsWith("documents"))
            .filter(protocol -> served.losses().of(protocol) != null)
            .sorted() // the whole validation part before a sample of it
            .findFirst();
    if (common.isEmpty()) {
      return new Decision(
          false,
          "its loss is that of a sample, which " + served.version() + " was not measured on");
    }
    double loss = losses.get(common.get());
    double servedLoss = served.losses().of(common.get());
    String figures = String.format("%.4f against %.4f of %s", loss, servedLoss, served.version());
    return loss < servedLoss
        ? new Decision(true, "better: " + figures)
        : new Decision(false, "not better: " + figures);
  }
}
