package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import io.netty.channel.Channel;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;

/** The filter that answers 503 to the requests of connections above the limit. */
@Singleton
final class ConnectionLimit {
  private final ProblemWriter problems;
  private final Connections connections;

  /** Creates a filter that asks {@code connections}. */
  ConnectionLimit(ProblemWriter problems, Connections connections) {
    this.problems = problems;
    this.connections = connections;
  }

  /**
   * Passes the request on unless its connection exceeds the limit. Requests for health and metrics
   * always pass: an overloaded replica must stay observable, and must not be restarted for it.
   */
  void admit(RoutingContext http) {
    Channel channel = ((ConnectionBase) http.request().connection()).channel();
    Connections.Connection connection = connections.of(channel);
    if (connection.aboveLimit() && !isForOperators(http.normalizedPath())) {
      reject(http);
      return;
    }
    connection.requestBegins();
    http.addEndHandler(end -> connection.requestEnds());
    RequestBody.of(http)
        .onComplete(
            () -> {
              connection.serves();
              http.addEndHandler(end -> connection.served());
            });
    http.next();
  }

  private static boolean isForOperators(String path) {
    return path.startsWith("/q/") || path.equals("/metrics");
  }

  /**
   * Answers 503 and closes the connection. Under HTTP/2 it stays open, uncounted, until it is idle,
   * because clients take its end for the end of the answer; its next request is checked again.
   */
  private void reject(RoutingContext http) {
    http.response().putHeader(HttpHeaders.RETRY_AFTER, "1");
    RequestBody.of(http).closeAfterAnswer();
    problems.answer(
        http,
        Problem.of(
                Status.SERVICE_UNAVAILABLE,
                "too_many_connections",
                "the connection limit (" + connections.max() + ") is reached")
            .about("connections", "more than " + connections.max(), "up to " + connections.max()));
  }
}
