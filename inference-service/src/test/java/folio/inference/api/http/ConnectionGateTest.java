package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConnectionGateTest {
  private static final int MAX = 2;

  private final Vertx vertx = Vertx.vertx();
  private final Connections connections = new Connections(MAX);

  /** Whether each connection was above the limit when the server received it. */
  private final List<Boolean> aboveLimit = new ArrayList<>();

  private final EmbeddedChannel server =
      new EmbeddedChannel(
          new ConnectionGate(connections, vertx),
          new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object accepted) {
              aboveLimit.add(connections.of((EmbeddedChannel) accepted).aboveLimit());
            }
          });

  @AfterEach
  void close() {
    server.close().syncUninterruptibly();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void countsAConnectionBeforeItsFirstRequestCanBeRead() {
    for (int i = 0; i < MAX; i++) {
      connections.of(accept()).serves();
    }

    EmbeddedChannel last = accept();

    assertThat(aboveLimit).containsExactly(false, false, true);
    assertThat(last.isOpen()).isTrue();
  }

  @Test
  void closesTheConnectionThatHasWaitedForLongest() {
    connections.of(accept()).serves();
    EmbeddedChannel waiting = accept();

    EmbeddedChannel last = accept();

    assertThat(aboveLimit).containsExactly(false, false, false);
    assertThat(waiting.isOpen()).isFalse();
    assertThat(last.isOpen()).isTrue();
  }

  @Test
  void closesConnectionsAboveTheReserve() {
    int reserve = 16;
    for (int i = 0; i < MAX + reserve; i++) {
      connections.of(accept()).serves();
    }

    List<EmbeddedChannel> rejected = List.of(accept(), accept());

    assertThat(rejected).noneMatch(EmbeddedChannel::isOpen);
    assertThat(aboveLimit.subList(MAX + reserve, aboveLimit.size())).containsExactly(true, true);
  }

  private EmbeddedChannel accept() {
    EmbeddedChannel client = new EmbeddedChannel();
    server.writeInbound(client);
    return client;
  }
}
