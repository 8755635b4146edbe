package folio.inference.api.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.IdleStateEvent;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A channel handler that suspends a connection's idle timeout while it has a request in progress.
 * The server closes a connection on which no byte has moved for the timeout. A queued request and
 * an answer that is generated as a whole move no byte either, but their connection must stay open.
 * If written bytes wait because the client does not read, the timeout applies.
 */
final class IdleTimeout extends ChannelInboundHandlerAdapter {
  /** The name that the server gives its own, last handler, which closes idle connections. */
  private static final String SERVER_HANDLER = "handler";

  private final AtomicInteger activeRequests;

  private IdleTimeout(AtomicInteger activeRequests) {
    this.activeRequests = activeRequests;
  }

  /**
   * Adds a handler before the server's, unless the channel is closed.
   *
   * @param activeRequests the number of the connection's requests in progress, kept by the caller
   */
  static void install(Channel channel, AtomicInteger activeRequests) {
    if (channel.isActive()) {
      channel.pipeline().addBefore(SERVER_HANDLER, null, new IdleTimeout(activeRequests));
    }
  }

  /** Drops the idle events of a connection with a request in progress. */
  @Override
  public void userEventTriggered(ChannelHandlerContext connection, Object event) {
    boolean busy = activeRequests.get() > 0 && connection.channel().isWritable();
    if (!(event instanceof IdleStateEvent) || !busy) {
      connection.fireUserEventTriggered(event);
    }
  }

  /** Installs a new handler after an upgrade to HTTP/2 has cleared the channel's pipeline. */
  @Override
  public void handlerRemoved(ChannelHandlerContext connection) {
    Channel channel = connection.channel();
    channel.eventLoop().execute(() -> install(channel, activeRequests));
  }
}
