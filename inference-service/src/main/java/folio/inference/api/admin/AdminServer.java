package folio.inference.api.admin;

import folio.inference.api.problem.ProblemException;
import folio.inference.api.problem.ProblemWriter;
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
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * The operators' HTTP server, on a port of its own; it is off unless the port is set. It serves
 * {@code POST /models/VERSION/activate}, {@code POST /rollback}, {@code POST /drain} and {@code
 * POST /undrain}. Unless a token is configured, the network must restrict access to the port.
 */
@Singleton
final class AdminServer {
  private static final Logger LOG = Logger.getLogger(AdminServer.class);

  private final int port;
  private final String host;
  private final AdminOperations operations;
  private final AdminGuard guard;
  private final ProblemWriter problems;
  private final Vertx vertx;
  private HttpServer server;

  /**
   * Creates a server that does not listen yet.
   *
   * @param port the port; 0: the server stays off
   */
  AdminServer(
      AdminOperations operations,
      AdminGuard guard,
      ProblemWriter problems,
      Vertx vertx,
      @ConfigProperty(name = "folio.admin.port") int port,
      @ConfigProperty(name = "folio.admin.host") String host) {
    this.port = port;
    this.host = host;
    this.operations = operations;
    this.guard = guard;
    this.problems = problems;
    this.vertx = vertx;
  }

  void start(@Observes StartupEvent event) {
    if (port == 0) {
      return;
    }
    Router router = Router.router(vertx);
    router.route().handler(guard::check);
    router
        .post("/models/:version/activate")
        .handler(http -> answer(http, () -> operations.activate(http.pathParam("version"))));
    router.post("/rollback").handler(http -> answer(http, operations::rollback));
    router.post("/drain").handler(http -> answer(http, operations::drain));
    router.post("/undrain").handler(http -> answer(http, operations::undrain));
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

  void stop(@Observes ShutdownEvent event) {
    if (server != null) {
      server.close().toCompletionStage().toCompletableFuture().join();
    }
  }
}
