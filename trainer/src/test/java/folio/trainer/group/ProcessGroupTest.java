package folio.trainer.group;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.trainer.group.ProcessGroup.Timeouts;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
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
  private static final Timeouts TIMEOUTS =
      new Timeouts(Duration.ofSeconds(20), Duration.ofSeconds(20));

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
      int rank, int size, int port, String purpose, Timeouts timeouts) {
    Membership membership = new Membership(rank, size, rank, "127.0.0.1", port);
    return CompletableFuture.supplyAsync(
        () -> ProcessGroup.form(membership, purpose, timeouts, lost::add), threads);
  }

  private List<ProcessGroup> group(int size) throws IOException {
    int port = freePort();
    List<CompletableFuture<ProcessGroup>> forming = new ArrayList<>();
    for (int rank = size - 1; rank >= 0; rank--) { // rank 0 comes last
      forming.add(0, form(rank, size, port, "a run", TIMEOUTS));
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
    CompletableFuture<ProcessGroup> leader = form(0, 2, port, "--batch 64", TIMEOUTS);
    CompletableFuture<ProcessGroup> other = form(1, 2, port, "--batch 32", TIMEOUTS);

    for (CompletableFuture<ProcessGroup> each : List.of(leader, other)) {
      assertThatThrownBy(each::join)
          .isInstanceOf(CompletionException.class)
          .hasMessageContaining("rank 1 has --batch 32, and rank 0 has --batch 64");
    }
  }

  @Test
  void namesTheProcessesThatDoNotCome() throws IOException {
    Timeouts shorter = new Timeouts(Duration.ofMillis(300), Duration.ofSeconds(20));
    int port = freePort();

    assertThatThrownBy(form(0, 3, port, "a run", shorter)::join)
        .hasMessageContaining(
            "the ranks 1, 2 did not connect to 127.0.0.1:" + port + " within 0 s");
    assertThatThrownBy(form(1, 3, port, "a run", shorter)::join)
        .hasMessageContaining("the group of 3 processes at 127.0.0.1:" + port);
  }

  @Test
  void reportsAProcessThatClosesItsConnectionWithoutGoodbye() throws Exception {
    int port = freePort();
    CompletableFuture<ProcessGroup> leader = form(0, 2, port, "a run", TIMEOUTS);
    Socket dying = joined(port);
    leader.join();
    dying.close();

    assertThat(lost.poll(20, TimeUnit.SECONDS))
        .isEqualTo("rank 1 is lost: it closed its connection");
  }

  @Test
  void reportsAProcessThatFallsSilent() throws Exception {
    int port = freePort();
    Timeouts shorter = new Timeouts(Duration.ofSeconds(20), Duration.ofSeconds(1));
    CompletableFuture<ProcessGroup> leader = form(0, 2, port, "a run", shorter);
    try (Socket silent = joined(port)) {
      leader.join();
      assertThat(lost.poll(20, TimeUnit.SECONDS))
          .isEqualTo("rank 1 is lost: it sent nothing for 1 s");
      assertThat(silent.isClosed()).isFalse();
    }
  }

  @Test
  void answersNoProcessBeforeAllHaveCome() throws Exception {
    int port = freePort();
    CompletableFuture<ProcessGroup> leader = form(0, 3, port, "a run", TIMEOUTS);
    try (Socket first = joined(port, 1, 3)) {
      first.setSoTimeout(1000);
      assertThatThrownBy(() -> first.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      try (Socket last = joined(port, 2, 3)) {
        leader.join();
        for (Socket each : List.of(first, last)) {
          each.setSoTimeout(20_000);
          assertThat(new DataInputStream(each.getInputStream()).readUTF()).isEmpty();
        }
      }
    }
  }

  @Test
  void ignoresProgramsThatAreNoProcessesOfTheGroup() throws Exception {
    int port = freePort();
    CompletableFuture<ProcessGroup> leader = form(0, 2, port, "a run", TIMEOUTS);
    try (Socket browser = connected(port);
        Socket scanner = connected(port)) {
      browser.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(UTF_8));
      scanner.shutdownOutput();
      CompletableFuture<ProcessGroup> other = form(1, 2, port, "a run", TIMEOUTS);
      leave(List.of(leader.join(), other.join()));
    }
    assertThat(lost).isEmpty();
  }

  @Test
  void receivesNothingFromAProcessThatHasLeft() throws IOException {
    List<ProcessGroup> group = group(2);
    group.get(0).leave();

    assertThatThrownBy(() -> group.get(1).broadcast(null)).hasMessage("rank 0 has left the group");
    leave(group);
  }

  /** Joins as rank 1, and then neither reads nor sends. */
  private static Socket joined(int port) throws Exception {
    return joined(port, 1, 2);
  }

  private static Socket joined(int port, int rank, int size) throws Exception {
    Socket socket = connected(port);
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.writeLong(0x466f6c696f000001L);
    out.writeInt(rank);
    out.writeInt(size);
    out.writeUTF("a run");
    return socket;
  }

  private static Socket connected(int port) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      try {
        return new Socket(InetAddress.getLoopbackAddress(), port);
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }
}
