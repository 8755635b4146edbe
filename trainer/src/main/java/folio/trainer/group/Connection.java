package folio.trainer.group;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * A connection between two processes of a group, which carries messages in order. Both ends send
 * heartbeats, so that each notices within seconds that the other is lost, even without a closed
 * socket. A thread reads; any thread may send.
 */
final class Connection implements AutoCloseable {
  private static final byte HEARTBEAT = 0;

  /** Precedes the length of a message, in bytes as an int, and its bytes. */
  private static final byte MESSAGE = 1;

  /** Says that this end will close the connection and is not lost. */
  private static final byte GOODBYE = 2;

  /** Comes after the last message. */
  private static final byte[] END = new byte[0];

  private final int peer;
  private final Socket socket;
  private final Duration patience;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final Consumer<String> onLoss;
  private final Thread reader;
  private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();

  /** Is true once either end has left. A connection that ends is then no loss. */
  private volatile boolean left;

  /**
   * Takes over a socket and starts to read and to send heartbeats.
   *
   * @param peer the rank of the other end
   * @param patience the longest time without a heartbeat
   * @param onLoss receives the reason, on another thread, if the other end is lost
   */
  Connection(int peer, Socket socket, Duration patience, Consumer<String> onLoss)
      throws IOException {
    this.peer = peer;
    this.socket = socket;
    this.patience = patience;
    this.onLoss = onLoss;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
    this.reader = start("group-read-" + peer, this::read);
    start("group-heartbeat-" + peer, this::beat);
  }

  private static Thread start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void read() {
    try {
      while (true) {
        byte kind = in.readByte();
        if (kind == GOODBYE) {
          left = true;
          return;
        }
        if (kind == MESSAGE) {
          int length = in.readInt();
          byte[] message = new byte[length];
          in.readFully(message);
          received.add(message);
        }
      }
    } catch (SocketTimeoutException e) {
      lose("sent nothing for " + patience.toSeconds() + " s");
    } catch (IOException e) {
      lose("closed its connection");
    } finally {
      received.add(END);
    }
  }

  private void beat() {
    try {
      while (!left) {
        synchronized (out) {
          out.writeByte(HEARTBEAT);
          out.flush();
        }
        Thread.sleep(patience.toMillis() / 4);
      }
    } catch (IOException e) {
      lose("closed its connection");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void lose(String why) {
    if (!left) {
      left = true;
      onLoss.accept("rank " + peer + " is lost: it " + why);
    }
  }

  /** Sends a message. A failure is reported to {@code onLoss}. */
  void send(byte[] message) {
    try {
      synchronized (out) {
        out.writeByte(MESSAGE);
        out.writeInt(message.length);
        out.write(message);
        out.flush();
      }
    } catch (IOException e) {
      lose("closed its connection");
    }
  }

  /**
   * Waits for the next message.
   *
   * @throws GroupException if the other end sends none any more
   */
  byte[] receive() throws InterruptedException {
    byte[] message = received.take();
    if (message == END) {
      received.add(END); // for the next call
      throw new GroupException("rank " + peer + " has left the group");
    }
    return message;
  }

  /** Waits until the other end has left; meanwhile, both ends still send heartbeats. */
  void awaitLeave() throws InterruptedException {
    reader.join();
  }

  /** Tells the other end that this one has finished its work and will close the connection. */
  void leave() {
    left = true;
    try {
      synchronized (out) {
        out.writeByte(GOODBYE);
        out.flush();
      }
    } catch (IOException e) {
      // the other end has left too
    }
  }

  /**
   * Closes the socket. After {@link #leave}, waits a few seconds until the other end has left too:
   * a socket that is closed with unread bytes may take the goodbye with it. Without {@link #leave},
   * the other end takes this for a loss.
   */
  @Override
  public void close() {
    try {
      if (left) {
        reader.join(patience.toMillis());
      }
      left = true;
      socket.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // it is closed
    }
  }
}
