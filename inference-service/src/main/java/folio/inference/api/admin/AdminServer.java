package folio.inference.api.admin;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
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
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * The operators' HTTP server, on a port of its own; it is off unless the port is set. It serves
 * {@code POST /models/VERSION/activate}, {@code POST /rollback} and {@code POST /drain}. It does
 * not authenticate: the network must restrict access to the port.
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
   * Creates a server that does not listen yet.
   *
   * @param port the port; 0: the server stays off
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
              + ", but the server cannot listen on it at "
              + host
              + ": "
              + e.getCause().getMessage());
    }
    LOG.infof("Admin server listening on %s:%d", host, server.actualPort());
  }

  /** Runs a task that may block, and answers with its result or its problem. */
  private void answer(RoutingContext http, Supplier<JsonObject> task) {
    vertx
        .executeBlocking(task::get, false)
        .onSuccess(
            result ->
                http.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_JSON)
                    .end(result.toBuffer()))
        .onFailure(
            cause -> {
              if (cause instanceof ProblemException e) {
                problems.answer(http, e.problem());
              } else {
                LOG.error("Admin request failed", cause);
                http.fail(Status.INTERNAL_SERVER_ERROR.getStatusCode(), cause);
              }
            });
  }

  /** Makes a version current. Every replica loads it within its polling interval. */
  private JsonObject activate(String version) {
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
  private JsonObject rollback() {
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

  /** Stops accepting requests, permanently; the operator stops the process afterwards. */
  private JsonObject drain() {
    engine.drain(Duration.ZERO);
    LOG.infof(
        "Draining requested by an operator running=%d waiting=%d",
        engine.running(), engine.waiting());
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
