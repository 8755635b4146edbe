package folio.inference.api.admin;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import folio.inference.api.problem.ProblemMapper;
import folio.inference.api.problem.ProblemWriter;
import folio.inference.engine.InferenceEngine;
import folio.inference.generation.Rejection;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * What operators ask for, on a port of its own that is off unless it is set: {@code POST
 * /models/VERSION/activate}, {@code POST /rollback}, {@code POST /drain}. It asks for no key: who
 * reaches the port may use it.
 */
@Singleton
final class AdminServer {
  private static final Logger LOG = Logger.getLogger(AdminServer.class);

  private final int port;
  private final String host;
  private final CheckpointStore store;
  private final InferenceEngine engine;
  private final ProblemWriter problems;
  private final Vertx vertx;
  private HttpServer server;

  /**
   * Nothing listens yet.
   *
   * @param port 0: nothing ever will
   */
  AdminServer(
      CheckpointStore store,
      InferenceEngine engine,
      ProblemWriter problems,
      Vertx vertx,
      @ConfigProperty(name = "folio.admin.port") int port,
      @ConfigProperty(name = "folio.admin.host") String host) {
    this.port = port;
    this.host = host;
    this.store = store;
    this.engine = engine;
    this.problems = problems;
    this.vertx = vertx;
  }

  void start(@Observes StartupEvent event) {
    if (port == 0) {
      return;
    }
    Router router = Router.router(vertx);
    router
        .post("/models/:version/activate")
        .handler(http -> answer(http, () -> activate(http.pathParam("version"))));
    router.post("/rollback").handler(http -> answer(http, this::rollback));
    router.post("/drain").handler(http -> answer(http, this::drain));
    try {
      server =
          vertx
              .createHttpServer()
              .requestHandler(router)
              .listen(port, host)
              .toCompletionStage()
              .toCompletableFuture()
              .join();
    } catch (CompletionException e) {
      throw new ConfigurationException(
          "folio.admin.port is "
              + port
              + ", on which nothing can listen at "
              + host
              + ": "
              + e.getCause().getMessage());
    }
    LOG.infof("operators are listened to at %s:%d", host, server.actualPort());
  }

  /** Runs a task that may look at a disk, and answers with what it made or why it could not. */
  private void answer(RoutingContext http, Supplier<JsonObject> task) {
    vertx
        .executeBlocking(task::get, false)
        .onSuccess(
            done ->
                http.response().putHeader("Content-Type", "application/json").end(done.toBuffer()))
        .onFailure(
            cause -> {
              if (cause instanceof ProblemException known) {
                problems.answer(http, known.problem());
              } else {
                LOG.error("an operator's request failed", cause);
                http.fail(500, cause);
              }
            });
  }

  /** The watcher of every replica sees it within its interval, and loads the version. */
  private JsonObject activate(String version) {
    if (!store.versions().contains(version)) {
      throw new ProblemException(
          Problem.of(404, "Not Found", Rejection.UNKNOWN_MODEL, "there is no checkpoint " + version)
              .about("version", ProblemMapper.cut(version), "one of GET /checkpoints"));
    }
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    } catch (CheckpointException e) {
      throw new ProblemException(
          Problem.of(
              409,
              "Conflict",
              "not_activated",
              e.getMessage()
                  + "; where the checkpoints can be written, `checkpoints promote "
                  + version
                  + "` does the same"));
    }
    LOG.infof("an operator made %s current", version);
    return new JsonObject().put("current", version);
  }

  private JsonObject rollback() {
    List<String> versions = store.versions();
    Optional<String> current = store.current();
    int at = current.map(versions::indexOf).orElse(-1);
    if (at < 1) {
      throw new ProblemException(
          Problem.of(
              409,
              "Conflict",
              "nothing_older",
              current
                      .map(name -> "no checkpoint is older than " + name)
                      .orElse("there is no CURRENT")
                  + "; there are "
                  + versions.size()));
    }
    return activate(versions.get(at - 1));
  }

  /** For good: the process is to be stopped afterwards. */
  private JsonObject drain() {
    engine.drain(Duration.ZERO);
    LOG.info("an operator lets this replica drain: it takes no more requests");
    return new JsonObject()
        .put("draining", true)
        .put("running", engine.running())
        .put("waiting", engine.waiting());
  }

  void stop(@Observes ShutdownEvent event) {
    if (server != null) {
      server.close().toCompletionStage().toCompletableFuture().join();
    }
  }
}
