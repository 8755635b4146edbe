package folio.inference.api.admin;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import folio.inference.engine.InferenceEngine;
import folio.inference.generation.Rejection;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.Response.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/** The operations of the admin server. They may block. */
@Singleton
final class AdminOperations {
  private static final Logger LOG = Logger.getLogger(AdminOperations.class);

  private final CheckpointStore store;
  private final InferenceEngine engine;

  AdminOperations(CheckpointStore store, InferenceEngine engine) {
    this.store = store;
    this.engine = engine;
  }

  /** Makes a version current. Every replica loads it within its polling interval. */
  JsonObject activate(String version) {
    if (!store.versions().contains(version)) {
      throw new ProblemException(
          Problem.of(
                  Status.NOT_FOUND,
                  Rejection.UNKNOWN_MODEL,
                  "there is no checkpoint " + version + "; GET /checkpoints lists them")
              .about("version", Problem.shorten(version), "one of GET /checkpoints"));
    }
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    } catch (CheckpointException e) {
      throw new ProblemException(
          Problem.of(
              Status.CONFLICT,
              "not_activated",
              e.getMessage()
                  + "; where the checkpoints can be written, `checkpoints promote "
                  + version
                  + "` does the same"));
    }
    LOG.infof("Model made current by an operator version=%s", version);
    return new JsonObject().put("current", version);
  }

  /** Makes the version before the current one current. */
  JsonObject rollback() {
    List<String> versions = store.versions();
    Optional<String> current = store.current();
    int index = current.map(versions::indexOf).orElse(-1);
    if (index < 1) {
      throw new ProblemException(
          Problem.of(
              Status.CONFLICT,
              "nothing_older",
              current
                      .map(name -> "no checkpoint is older than " + name)
                      .orElse("there is no CURRENT")
                  + "; activate a version of GET /checkpoints by its name"));
    }
    return activate(versions.get(index - 1));
  }

  /** Stops accepting requests until {@link #undrain}. Running and waiting requests continue. */
  JsonObject drain() {
    engine.drain(Duration.ZERO);
    LOG.infof(
        "Draining requested by an operator running=%d waiting=%d",
        engine.running(), engine.waiting());
    return state();
  }

  /** Accepts requests again. */
  JsonObject undrain() {
    if (!engine.undrain()) {
      throw new ProblemException(
          Problem.of(
              Status.CONFLICT, "stopping", "the service is stopping; it cannot be undrained"));
    }
    LOG.info("Draining ended by an operator");
    return state();
  }

  private JsonObject state() {
    return new JsonObject()
        .put("draining", engine.draining())
        .put("running", engine.running())
        .put("waiting", engine.waiting());
  }
}
