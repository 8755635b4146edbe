package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.AttributeKey;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Bounds the connections, and tells the idle ones from those that wait. The server closes a
 * connection on which no byte has moved for the idle timeout; but a request in the queue, and a
 * whole answer that is being written, move none either, and must live.
 */
@Singleton
final class Connections {
  private static final AttributeKey<AtomicInteger> REQUESTS =
      AttributeKey.valueOf(Connections.class, "requests");

  /** What the server calls the last handler of each connection; it is the one that closes. */
  private static final String SERVER = "handler";

  private final ProblemWriter problems;
  private final int most;
  private final AtomicInteger open = new AtomicInteger();

  /**
   * With the bound.
   *
   * @param most most connections that are open at once, counted from their first request
   */
  Connections(ProblemWriter problems, @ConfigProperty(name = "folio.limits.connections") int most) {
    this.problems = problems;
    this.most = most;
  }

  /** Goes on with the request unless its connection is one too many. */
  void admit(RoutingContext http) {
    Channel channel = channel(http);
    boolean counted = channel.hasAttr(REQUESTS) || count(channel);
    if (!counted && !isForOperators(http.normalizedPath())) {
      reject(http);
      return;
    }
    if (counted) {
      AtomicInteger requests = channel.attr(REQUESTS).get();
      requests.incrementAndGet();
      http.addEndHandler(end -> requests.decrementAndGet());
    }
    http.next();
  }

  private boolean count(Channel channel) {
    if (open.incrementAndGet() > most) {
      open.decrementAndGet();
      return false;
    }
    channel.attr(REQUESTS).set(new AtomicInteger());
    IdleTimeout.add(channel);
    channel.closeFuture().addListener(closed -> open.decrementAndGet());
    return true;
  }

  /** A full house is no reason to restart it, or not to look at it. */
  private static boolean isForOperators(String path) {
    return path.startsWith("/q/") || path.equals("/metrics");
  }

  /**
   * Under HTTP/2 the connection stays, not counted, until it is idle: clients take its end for that
   * of the answer, too. What it asks next is looked at anew.
   */
  private void reject(RoutingContext http) {
    http.response().putHeader("Retry-After", "1");
    RequestBody.of(http).closeAfterAnswer();
    problems.answer(
        http,
        Problem.of(
                503,
                "Service Unavailable",
                "too_many_connections",
                "as many connections are open as may: " + most)
            .about("connections", "more than " + most, "up to " + most));
  }

  private static Channel channel(RoutingContext http) {
    return ((ConnectionBase) http.request().connection()).channel();
  }

  /**
   * Keeps from the server that a connection is idle while it has a request; not if what was written
   * finds no way out, for then the client does not read.
   */
  private static final class IdleTimeout extends ChannelInboundHandlerAdapter {
    static void add(Channel channel) {
      if (channel.isActive()) {
        channel.pipeline().addBefore(SERVER, null, new IdleTimeout());
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext connection, Object event) {
      Channel channel = connection.channel();
      boolean waits = channel.attr(REQUESTS).get().get() > 0 && channel.isWritable();
      if (!(event instanceof IdleStateEvent) || !waits) {
        connection.fireUserEventTriggered(event);
      }
    }

    /** An upgrade to HTTP/2 clears the pipeline at the end of its first request. */
    @Override
    public void handlerRemoved(ChannelHandlerContext connection) {
      connection.channel().eventLoop().execute(() -> add(connection.channel()));
    }
  }
}
