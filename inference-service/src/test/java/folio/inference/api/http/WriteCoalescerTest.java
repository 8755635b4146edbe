package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.nio.NioEventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WriteCoalescerTest {
  private final NioEventLoopGroup group = new NioEventLoopGroup(1);
  private final EventLoop eventLoop = group.next();
  private final WriteCoalescer writes = new WriteCoalescer(eventLoop, new LoadMeter());

  @AfterEach
  void stop() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void runsEveryWriteOnceInOrderOnTheEventLoop() throws Exception {
    List<Integer> written = new ArrayList<>();
    CompletableFuture<Void> last = new CompletableFuture<>();
    for (int i = 0; i < 1000; i++) {
      int number = i;
      writes.add(
          () -> {
            assertThat(eventLoop.inEventLoop()).isTrue();
            written.add(number);
            if (number == 999) {
              last.complete(null);
            }
          });
    }
    last.get(10, TimeUnit.SECONDS);

    assertThat(written).isEqualTo(IntStream.range(0, 1000).boxed().toList());
  }

  @Test
  void letsOtherTasksRunBetweenEndlessWrites() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger count = new AtomicInteger();
    writes.add(() -> writeAgain(stop, count));
    CompletableFuture<Integer> other = new CompletableFuture<>();
    eventLoop.execute(() -> other.complete(count.get()));
    // A flush that also ran new writes would never end.
    int before = other.get(10, TimeUnit.SECONDS);
    stop.set(true);

    assertThat(before).isPositive();
  }

  /** Writes for a stream that always has more to write. */
  private void writeAgain(AtomicBoolean stop, AtomicInteger count) {
    count.incrementAndGet();
    if (!stop.get()) {
      writes.add(() -> writeAgain(stop, count));
    }
  }
}
