package folio.inference.api.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.vertx.http.HttpServerStart;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Singleton;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The handler of new connections on the HTTP server's channel. Neither Quarkus nor Vert.x shows a
 * connection before its first request is complete, when it may be too late: a client can open
 * connections and send nothing, until the process has no file descriptors.
 */
@Singleton
@ChannelHandler.Sharable
final class ConnectionGate extends ChannelInboundHandlerAdapter {
  private final Connections connections;
  private final VertxInternal vertx;
  private final Set<Channel> servers = ConcurrentHashMap.newKeySet();

  ConnectionGate(Connections connections, Vertx vertx) {
    this.connections = connections;
    this.vertx = (VertxInternal) vertx;
  }

  /** Adds the gate to the channel of a server that has started. */
  void install(@ObservesAsync HttpServerStart started) {
    int port = started.options().getPort();
    for (EventExecutor acceptor : vertx.getAcceptorEventLoopGroup()) {
      acceptor.execute(
          () ->
              ((SingleThreadEventLoop) acceptor)
                  .registeredChannelsIterator()
                  .forEachRemaining(channel -> installOn(channel, port)));
    }
  }

  private void installOn(Channel channel, int port) {
    boolean ours =
        channel instanceof ServerChannel
            && channel.localAddress() instanceof InetSocketAddress address
            && (port <= 0 || address.getPort() == port);
    if (ours && servers.add(channel)) {
      channel.pipeline().addFirst(this);
    }
  }

  /** Removes the gate, because in dev mode the server outlives the application. */
  void remove(@Observes ShutdownEvent event) {
    servers.stream().filter(Channel::isOpen).forEach(server -> server.pipeline().remove(this));
    servers.clear();
  }

  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // nothing waits for the end of a closed connection
  public void channelRead(ChannelHandlerContext server, Object newChannel) {
    Channel channel = (Channel) newChannel;
    boolean isAccepted = connections.accept(channel);
    server.fireChannelRead(channel);
    if (!isAccepted) {
      channel.close(); // not before: only a channel that has an event loop can be closed
    }
  }
}
