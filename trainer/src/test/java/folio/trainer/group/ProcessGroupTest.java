package folio.trainer.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.trainer.group.ProcessGroup.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests groups whose processes are threads; {@code GroupRunsTest} has real ones. */
class ProcessGroupTest {
  private static final Patience PATIENCE =
      new Patience(Duration.ofSeconds(20), Duration.ofSeconds(20));

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final BlockingQueue<String> lost = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private CompletableFuture<ProcessGroup> form(
      int rank, int size, int port, String purpose, Patience patience) {
    Membership membership = new Membership(rank, size, rank, "127.0.0.1", port);
    return CompletableFuture.supplyAsync(
        () -> ProcessGroup.form(membership, purpose, patience, lost::add), threads);
  }

  private List<ProcessGroup> group(int size) throws IOException {
    int port = freePort();
    List<CompletableFuture<ProcessGroup>> forming = new ArrayList<>();
    for (int rank = size - 1; rank >= 0; rank--) { // rank 0 comes last
      forming.add(0, form(rank, size, port, "a run", PATIENCE));
    }
    return forming.stream().map(CompletableFuture::join).toList();
  }

  private <T> List<T> inAll(List<ProcessGroup> group, Function<ProcessGroup, T> collective) {
    return group.stream()
        .map(each -> CompletableFuture.supplyAsync(() -> collective.apply(each), threads))
        .toList()
        .stream()
        .map(CompletableFuture::join)
        .toList();
  }

  @Test
  void addsTheNumbersOfAllProcesses() throws IOException {
    List<ProcessGroup> group = group(3);
    List<float[]> sums =
        inAll(group, each -> each.sum(new float[] {each.membership().rank(), 0.5f}));

    assertThat(sums).allSatisfy(sum -> assertThat(sum).containsExactly(3, 1.5f));
    leave(group);
  }

  private void leave(List<ProcessGroup> group) {
    inAll(
        group,
        each -> {
          each.leave();
          each.close();
          return each;
        });
  }

  @Test
  void reportsAProcessThatClosesTheGroupWithoutLeavingIt() throws Exception {
    List<ProcessGroup> group = group(2);
    group.get(1).close();

    assertThat(lost.poll(20, TimeUnit.SECONDS))
        .isEqualTo("rank 1 is lost: it closed its connection");
    group.get(0).close();
  }

  @Test
  void broadcastsAndAgrees() throws IOException {
    List<ProcessGroup> group = group(3);
    List<byte[]> messages =
        inAll(group, each -> each.broadcast(each.membership().leads() ? new byte[] {7} : null));

    assertThat(messages).allSatisfy(message -> assertThat(message).containsExactly(7));
    assertThat(inAll(group, each -> each.any(each.membership().rank() == 2)))
        .containsExactly(true, true, true);
    assertThat(inAll(group, each -> each.any(false))).containsExactly(false, false, false);
    leave(group);
    assertThat(lost).isEmpty();
  }

  @Test
  void rejectsAProcessWithAnotherPurpose() throws IOException {
    int port = freePort();
    CompletableFuture<ProcessGroup> leader = form(0, 2, port, "--batch 64", PATIENCE);
    CompletableFuture<ProcessGroup> other = form(1, 2, port, "--batch 32", PATIENCE);

    for (CompletableFuture<ProcessGroup> each : List.of(leader, other)) {
      assertThatThrownBy(each::join)
          .isInstanceOf(CompletionException.class)
          .hasMessageContaining("rank 1 has --batch 32, and rank 0 has --batch 64");
    }
  }

  @Test
  void namesTheProcessesThatDoNotCome() throws IOException {
    Patience shorter = new Patience(Duration.ofMillis(300), Duration.ofSeconds(20));
    int port = freePort();

    assertThatThrownBy(form(0, 3, port, "a run", shorter)::join)
        .hasMessageContaining("the ranks 1, 2 did not come within 0 s");
    assertThatThrownBy(form(1, 3, port, "a run", shorter)::join)
        .hasMessageContaining("the group of 3 processes at 127.0.0.1:" + port);
  }

  @Test
  void reportsAProcessThatClosesItsConnectionWithoutGoodbye() throws Exception {
    int port = freePort();
    CompletableFuture<ProcessGroup> leader = form(0, 2, port, "a run", PATIENCE);
    Socket dying = joined(port);
    leader.join();
    dying.close();

    assertThat(lost.poll(20, TimeUnit.SECONDS))
        .isEqualTo("rank 1 is lost: it closed its connection");
  }

  @Test
  void reportsAProcessThatFallsSilent() throws Exception {
    int port = freePort();
    Patience shorter = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(1));
    CompletableFuture<ProcessGroup> leader = form(0, 2, port, "a run", shorter);
    try (Socket silent = joined(port)) {
      leader.join();
      assertThat(lost.poll(20, TimeUnit.SECONDS))
          .isEqualTo("rank 1 is lost: it sent nothing for 1 s");
      assertThat(silent.isClosed()).isFalse();
    }
  }

  /** Joins as rank 1, and then neither reads nor sends. */
  private static Socket joined(int port) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      try {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        java.io.DataOutputStream out = new java.io.DataOutputStream(socket.getOutputStream());
        out.writeLong(0x466f6c696f000001L);
        out.writeInt(1);
        out.writeInt(2);
        out.writeUTF("a run");
        return socket;
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }
}
