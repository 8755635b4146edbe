package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

/** The table of connections, with a limit of one. */
class ConnectionsTest {
  private final Connections connections = new Connections(1);

  private Channel accepted() {
    Channel channel = new EmbeddedChannel();
    assertThat(connections.accept(channel)).isTrue();
    return channel;
  }

  @Test
  void aConnectionThatReplacesOneAboveTheLimitIsAboveItToo() {
    connections.of(accepted()).serves();
    Channel above = accepted();
    assertThat(connections.of(above).aboveLimit()).isTrue();

    Channel next = accepted();
    assertThat(above.isOpen()).isFalse();
    assertThat(connections.of(next).aboveLimit()).isTrue();
  }

  @Test
  void aConnectionIsBelowTheLimitOnceAnotherHasClosed() {
    Channel served = accepted();
    connections.of(served).serves();
    Channel above = accepted();
    Channel next = accepted();
    served.close().syncUninterruptibly();

    assertThat(above.isOpen()).isFalse();
    assertThat(connections.of(next).aboveLimit()).isFalse();
  }
}
