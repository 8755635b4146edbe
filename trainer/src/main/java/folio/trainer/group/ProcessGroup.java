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
  public record Patience(Duration forming, Duration silence) {
    public static final Patience DEFAULT =
        new Patience(Duration.ofMinutes(5), Duration.ofSeconds(8));
  }

  private final Membership membership;

  /** Rank 0: the others, from rank 1. Others: rank 0 alone. */
  private final List<Connection> connections = new ArrayList<>();

  private ProcessGroup(Membership membership) {
    this.membership = membership;
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
      Membership membership, String purpose, Patience patience, Consumer<String> onLoss) {
    ProcessGroup group = new ProcessGroup(membership);
    try {
      if (membership.leads()) {
        group.accept(purpose, patience, onLoss);
      } else {
        group.connect(purpose, patience, onLoss);
      }
      return group;
    } catch (IOException e) {
      group.close();
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

  private void accept(String purpose, Patience patience, Consumer<String> onLoss)
      throws IOException {
    long deadline = System.nanoTime() + patience.forming().toNanos();
    Socket[] sockets = new Socket[membership.size()];
    try (ServerSocket server = new ServerSocket()) {
      server.setReuseAddress(true);
      server.bind(new InetSocketAddress(membership.port()));
      for (int joined = 1; joined < membership.size(); joined++) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        server.setSoTimeout((int) Math.max(1, left));
        welcome(server.accept(), purpose, sockets);
      }
    } catch (SocketTimeoutException e) {
      long seconds = patience.forming().toSeconds();
      throw new GroupException(missing(sockets) + " did not come within " + seconds + " s", e);
    }
    for (int rank = 1; rank < sockets.length; rank++) {
      connections.add(new Connection(rank, sockets[rank], patience.silence(), onLoss));
    }
  }

  /** Reads who has connected, and answers with an empty text or with the reason of a rejection. */
  private void welcome(Socket socket, String purpose, Socket[] sockets) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    long magic = in.readLong();
    int rank = magic == MAGIC ? in.readInt() : 0;
    int size = magic == MAGIC ? in.readInt() : 0;
    String theirs = magic == MAGIC ? in.readUTF() : "";
    String problem = "";
    if (magic != MAGIC) {
      problem = "another program or release of Folio connected to MASTER_PORT";
    } else if (size != membership.size() || rank < 1 || rank >= size) {
      problem =
          "rank " + rank + " has WORLD_SIZE " + size + ", and rank 0 has " + membership.size();
    } else if (sockets[rank] != null) {
      problem = "two processes have RANK " + rank;
    } else if (!theirs.equals(purpose)) {
      problem = "rank " + rank + " has " + theirs + ", and rank 0 has " + purpose;
    }
    out.writeUTF(problem);
    out.flush();
    if (!problem.isEmpty()) {
      socket.close();
      throw new GroupException(problem);
    }
    sockets[rank] = socket;
  }

  private static String missing(Socket[] sockets) {
    List<String> ranks = new ArrayList<>();
    for (int rank = 1; rank < sockets.length; rank++) {
      if (sockets[rank] == null) {
        ranks.add(String.valueOf(rank));
      }
    }
    return (ranks.size() == 1 ? "rank " : "the ranks ") + String.join(", ", ranks);
  }

  private void connect(String purpose, Patience patience, Consumer<String> onLoss)
      throws IOException {
    Socket socket = reach(patience);
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.writeLong(MAGIC);
    out.writeInt(membership.rank());
    out.writeInt(membership.size());
    out.writeUTF(purpose);
    out.flush();
    socket.setSoTimeout(Math.toIntExact(patience.forming().toMillis()));
    String problem = new DataInputStream(socket.getInputStream()).readUTF();
    if (!problem.isEmpty()) {
      socket.close();
      throw new GroupException(problem);
    }
    connections.add(new Connection(0, socket, patience.silence(), onLoss));
  }

  /** Connects to rank 0, which may start later than this process. */
  private Socket reach(Patience patience) throws IOException {
    long deadline = System.nanoTime() + patience.forming().toNanos();
    while (true) {
      Socket socket = new Socket();
      try {
        InetSocketAddress leader =
            new InetSocketAddress(membership.address(), membership.port()); // resolved each time
        socket.connect(leader, Math.toIntExact(patience.silence().toMillis()));
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
