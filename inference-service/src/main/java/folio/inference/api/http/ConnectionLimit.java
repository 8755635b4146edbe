package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The filter that bounds the number of open connections. It counts a connection from its first
 * request on, and gives each an {@link IdleTimeout}.
 */
@Singleton
final class ConnectionLimit {
  /** The number of a connection's requests in progress; absent until the connection is counted. */
  private static final AttributeKey<AtomicInteger> ACTIVE_REQUESTS =
      AttributeKey.valueOf(ConnectionLimit.class, "activeRequests");

  private final ProblemWriter problems;
  private final int maxConnections;
  private final AtomicInteger open = new AtomicInteger();

  /**
   * Creates a filter without connections.
   *
   * @param maxConnections the largest number of connections that are open at once
   */
  ConnectionLimit(
      ProblemWriter problems,
      @ConfigProperty(name = "folio.limits.connections") int maxConnections) {
    this.problems = problems;
    this.maxConnections = maxConnections;
  }

  /**
   * Passes the request on unless its connection exceeds the limit. Requests for health and metrics
   * always pass: an overloaded replica must stay observable, and must not be restarted for it.
   */
  void admit(RoutingContext http) {
    Channel channel = ((ConnectionBase) http.request().connection()).channel();
    boolean counted = channel.hasAttr(ACTIVE_REQUESTS) || count(channel);
    if (!counted && !isForOperators(http.normalizedPath())) {
      reject(http);
      return;
    }
    if (counted) {
      AtomicInteger requests = channel.attr(ACTIVE_REQUESTS).get();
      requests.incrementAndGet();
      http.addEndHandler(end -> requests.decrementAndGet());
    }
    http.next();
  }

  private boolean count(Channel channel) {
    if (open.incrementAndGet() > maxConnections) {
      open.decrementAndGet();
      return false;
    }
    AtomicInteger requests = new AtomicInteger();
    channel.attr(ACTIVE_REQUESTS).set(requests);
    IdleTimeout.install(channel, requests);
    channel.closeFuture().addListener(closed -> open.decrementAndGet());
    return true;
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
                "the connection limit (" + maxConnections + ") is reached")
            .about("connections", "more than " + maxConnections, "up to " + maxConnections));
  }
}
