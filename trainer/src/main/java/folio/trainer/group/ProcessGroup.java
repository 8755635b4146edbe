package folio.trainer.group;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The connections between the processes of a group: every other process has one to rank 0. The
 * methods are collective: every process calls the same ones in the same order. Owned by the
 * training thread.
 */
public final class ProcessGroup implements AutoCloseable {
  /** The first bytes of a connection, with a version of the protocol. */
  private static final long MAGIC = 0x466f6c696f000001L; // "Folio"

  private static final int RETRY_MILLIS = 200;

  /**
   * The times that a group allows.
   *
   * @param forming for all processes to come together
   * @param silence between signs of life of a process
   */
  public record Timeouts(Duration forming, Duration silence) {
    public static final Timeouts DEFAULT =
        new Timeouts(Duration.ofMinutes(10), Duration.ofSeconds(8));
  }

  private final Membership membership;

  /** Rank 0: the others, from rank 1. Others: rank 0 alone. */
  private final List<Connection> connections = new ArrayList<>();

  private final Consumer<String> onLoss;

  private ProcessGroup(Membership membership, Consumer<String> onLoss) {
    this.membership = membership;
    this.onLoss = onLoss;
  }

  /**
   * Forms a group: rank 0 waits for the others, which connect to it.
   *
   * @param purpose what all processes must agree on, such as the command; rank 0 rejects others
   * @param onLoss receives the reason, on another thread, when a process is lost; the training
   *     thread may then wait for ever
   * @throws GroupException if the group does not come together in time, or if a process has another
   *     size or purpose
   */
  public static ProcessGroup form(
      Membership membership, String purpose, Timeouts timeouts, Consumer<String> onLoss) {
    ProcessGroup group = new ProcessGroup(membership, onLoss);
    try {
      if (membership.leads()) {
        group.accept(purpose, timeouts);
      } else {
        group.connect(purpose, timeouts);
      }
      return group;
    } catch (IOException e) {
      throw new GroupException(
          "the group of "
              + membership.size()
              + " processes at "
              + membership.address()
              + ":"
              + membership.port()
              + " cannot be formed: "
              + e.getMessage(),
          e);
    }
  }

  /** The first message of a process that joins. */
  private record Hello(int rank, int size, String purpose) {
    void send(DataOutputStream out) throws IOException {
      out.writeLong(MAGIC);
      out.writeInt(rank);
      out.writeInt(size);
      out.writeUTF(purpose);
      out.flush();
    }

    /** Returns null if another program has connected. */
    static Hello receive(DataInputStream in) throws IOException {
      return in.readLong() == MAGIC ? new Hello(in.readInt(), in.readInt(), in.readUTF()) : null;
    }
  }

  private void accept(String purpose, Timeouts timeouts) throws IOException {
    long deadline = System.nanoTime() + timeouts.forming().toNanos();
    Socket[] sockets = new Socket[membership.size()];
    String problem = "rank 0 could not form the group; its output says why";
    try (ServerSocket server = new ServerSocket()) {
      server.setReuseAddress(true);
      server.bind(localAddress());
      while (!missing(sockets).isEmpty()) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        server.setSoTimeout((int) Math.max(1, left));
        problem = welcome(server.accept(), purpose, timeouts, sockets);
        if (!problem.isEmpty()) {
          throw new GroupException(problem);
        }
      }
      problem = "";
    } catch (SocketTimeoutException e) {
      problem =
          String.format(
              "%s did not connect to %s:%d within %d s; check that it runs and can reach this"
                  + " address",
              ranks(missing(sockets)),
              membership.address(),
              membership.port(),
              timeouts.forming().toSeconds());
      throw new GroupException(problem, e);
    } finally {
      answer(sockets, problem);
    }
    for (int rank = 1; rank < sockets.length; rank++) {
      connections.add(new Connection(rank, sockets[rank], timeouts.silence(), onLoss));
    }
  }

  /** Returns the address to listen on: every one, unless the group is on this machine alone. */
  private InetSocketAddress localAddress() {
    InetSocketAddress named = new InetSocketAddress(membership.address(), membership.port());
    boolean alone = !named.isUnresolved() && named.getAddress().isLoopbackAddress();
    return alone ? named : new InetSocketAddress(membership.port());
  }

  /**
   * Reads which process has connected, and keeps its socket. A program that is no process of a
   * group is ignored.
   *
   * @return an empty text, or the reason why the group cannot be formed
   */
  private String welcome(Socket socket, String purpose, Timeouts timeouts, Socket[] sockets)
      throws IOException {
    Hello hello;
    try {
      socket.setSoTimeout(Math.toIntExact(timeouts.silence().toMillis()));
      hello = Hello.receive(new DataInputStream(socket.getInputStream()));
    } catch (IOException e) {
      hello = null;
    }
    if (hello == null) {
      socket.close();
      return "";
    }
    int rank = hello.rank();
    String problem = "";
    if (hello.size() != membership.size() || rank < 1 || rank >= hello.size()) {
      problem =
          "rank " + rank + " has WORLD_SIZE " + hello.size() + ", rank 0 has " + membership.size();
    } else if (!hello.purpose().equals(purpose)) {
      problem = "rank " + rank + " has " + hello.purpose() + ", and rank 0 has " + purpose;
    } else {
      if (sockets[rank] != null) {
        answer(sockets[rank], "another process has RANK " + rank); // or this one replaces it
      }
      sockets[rank] = socket;
      return "";
    }
    answer(socket, problem);
    return problem;
  }

  /** Tells the processes that the group is complete, by an empty text, or what is wrong. */
  private static void answer(Socket[] sockets, String problem) {
    for (Socket socket : sockets) {
      if (socket != null) {
        answer(socket, problem);
      }
    }
  }

  private static void answer(Socket socket, String problem) {
    try {
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.writeUTF(problem);
      out.flush();
      if (!problem.isEmpty()) {
        socket.close();
      }
    } catch (IOException e) {
      // The process has ended. If the group is complete, its connection notices the loss.
    }
  }

  private static List<Integer> missing(Socket[] sockets) {
    return IntStream.range(1, sockets.length)
        .filter(rank -> sockets[rank] == null)
        .boxed()
        .toList();
  }

  private static String ranks(List<Integer> ranks) {
    String numbers = ranks.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return (ranks.size() == 1 ? "rank " : "the ranks ") + numbers;
  }

  private void connect(String purpose, Timeouts timeouts) throws IOException {
    Socket socket = reach(timeouts);
    new Hello(membership.rank(), membership.size(), purpose)
        .send(new DataOutputStream(socket.getOutputStream()));
    socket.setSoTimeout(Math.toIntExact(timeouts.forming().toMillis()));
    String problem = new DataInputStream(socket.getInputStream()).readUTF();
    if (!problem.isEmpty()) {
      socket.close();
      throw new GroupException(problem);
    }
    connections.add(new Connection(0, socket, timeouts.silence(), onLoss));
  }

  /** Connects to rank 0, which may start later than this process. */
  private Socket reach(Timeouts timeouts) throws IOException {
    long deadline = System.nanoTime() + timeouts.forming().toNanos();
    while (true) {
      Socket socket = new Socket();
      try {
        InetSocketAddress leader =
            new InetSocketAddress(membership.address(), membership.port()); // resolved each time
        socket.connect(leader, Math.toIntExact(timeouts.silence().toMillis()));
        return socket;
      } catch (IOException e) {
        socket.close();
        if (System.nanoTime() > deadline) {
          throw e;
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static GroupException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new GroupException("interrupted", e);
  }

  /** Reports that this process cannot continue, as if another one were lost. */
  void fail(String why) {
    onLoss.accept(why);
  }

  /** Returns this process's place. */
  public Membership membership() {
    return membership;
  }

  private static byte[] receive(Connection connection) {
    try {
      return connection.receive();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /**
   * Returns rank 0's message in every process.
   *
   * @param message rank 0's message; ignored in the others
   */
  public byte[] broadcast(byte[] message) {
    if (!membership.leads()) {
      return receive(connections.get(0));
    }
    connections.forEach(connection -> connection.send(message));
    return message;
  }

  /** Returns in every process whether a condition holds in any of them. */
  public boolean any(boolean condition) {
    return sum(new float[] {condition ? 1 : 0})[0] > 0;
  }

  /**
   * Returns the sums of all processes' numbers, element by element. Rank 0 adds in the order of the
   * ranks, so every process gets the same bits.
   *
   * @param numbers as many as in every other process
   */
  public float[] sum(float[] numbers) {
    if (!membership.leads()) {
      connections.get(0).send(bytes(numbers));
      return numbers(broadcast(null), numbers.length);
    }
    float[] sums = numbers.clone();
    for (Connection connection : connections) {
      float[] theirs = numbers(receive(connection), numbers.length);
      for (int i = 0; i < sums.length; i++) {
        sums[i] += theirs[i];
      }
    }
    broadcast(bytes(sums));
    return sums;
  }

  private static byte[] bytes(float[] numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Float.BYTES);
    bytes.asFloatBuffer().put(numbers);
    return bytes.array();
  }

  private static float[] numbers(byte[] bytes, int expected) {
    if (bytes.length != expected * Float.BYTES) {
      throw new IllegalStateException(
          bytes.length + " bytes came for " + expected + " numbers; the processes differ");
    }
    float[] numbers = new float[expected];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(numbers);
    return numbers;
  }

  /**
   * Ends the work of the group. Rank 0 leaves at once; the others wait for it, so that they notice
   * if it is lost while it publishes the last checkpoint.
   */
  public void leave() {
    if (!membership.leads()) {
      awaitLeave(connections.get(0));
    }
    connections.forEach(Connection::leave);
  }

  private static void awaitLeave(Connection leader) {
    try {
      leader.awaitLeave();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Closes the connections. Without {@link #leave}, the other processes take this for a loss. */
  @Override
  public void close() {
    connections.forEach(Connection::close);
  }
}
