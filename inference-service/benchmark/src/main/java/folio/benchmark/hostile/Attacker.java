package folio.benchmark.hostile;

import folio.benchmark.process.Pause;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The connections of one attacking thread. They come from another loopback address than the honest
 * client's where the system has one, so that the service sees two clients.
 */
final class Attacker implements AutoCloseable {
  private static final String ADDRESS = "127.0.0.2";
  private static final int SMALL_RECEIVE_BUFFER = 4096;
  private static final Duration READ_LIMIT = Duration.ofMinutes(2);

  private final URI service;
  private final AtomicLong attempts;
  private final Set<Socket> held = ConcurrentHashMap.newKeySet();
  private volatile boolean stopped;

  /**
   * Creates an attacker without connections.
   *
   * @param attempts is incremented for each connection or request
   */
  Attacker(URI service, AtomicLong attempts) {
    this.service = service;
    this.attempts = attempts;
  }

  /** Opens a connection that {@link #close} closes, and sends text. */
  Socket send(String text) throws IOException {
    Socket socket = new Socket();
    held.add(socket);
    try {
      socket.bind(new InetSocketAddress(InetAddress.getByName(ADDRESS), 0));
    } catch (SocketException e) {
      // This system has one loopback address: the attacker shares it with the honest client.
    }
    socket.setReceiveBufferSize(SMALL_RECEIVE_BUFFER);
    socket.setSoTimeout((int) READ_LIMIT.toMillis());
    socket.connect(new InetSocketAddress(service.getHost(), service.getPort()));
    attempts.incrementAndGet();
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** Counts a further request on an open connection. */
  void countRequest() {
    attempts.incrementAndGet();
  }

  /** Closes a connection. */
  void release(Socket socket) {
    held.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed for us all the same.
    }
  }

  /** Waits; returns false if the attack is over. */
  boolean pause(Duration time) {
    Pause.sleep(time);
    return !stopped;
  }

  boolean stopped() {
    return stopped;
  }

  /** Ends the attack and closes its connections; called by another thread. */
  void stop() {
    stopped = true;
    close();
  }

  @Override
  public void close() {
    held.forEach(this::release);
  }
}
