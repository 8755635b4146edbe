package folio.inference.api.http;

import com.sun.management.UnixOperatingSystemMXBean;
import io.netty.channel.Channel;
import jakarta.inject.Singleton;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * The open connections. A connection waits while its client has no complete request in progress: it
 * is silent, between two requests, or has sent a part of one. At the limit, a new connection takes
 * the place of the one that has waited for longest, so that clients which send nothing never keep
 * others out. Safe for any thread.
 */
@Singleton
final class Connections {
  private static final Logger LOG = Logger.getLogger(Connections.class);

  /**
   * The number of connections above the limit. They are accepted when no other connection waits, so
   * that health and metrics are answered while every connection has a request in progress.
   */
  private static final int RESERVE = 16;

  /** The file descriptors that the rest of the service may still need. */
  private static final int DESCRIPTORS_FOR_FILES = 64;

  private final int max;
  private final Map<Channel, Connection> open = new ConcurrentHashMap<>();

  /** The connections that wait, the longest waiting one first; guarded by this object. */
  private final Set<Connection> waiting = new LinkedHashSet<>();

  /**
   * Creates a table without connections.
   *
   * @param maxConnections the largest number of connections that are open at once, unless there are
   *     fewer file descriptors
   */
  Connections(@ConfigProperty(name = "folio.limits.connections") int maxConnections) {
    this.max = (int) Math.max(1, Math.min(maxConnections, freeDescriptors()));
    if (max < maxConnections) {
      LOG.warnf(
          "Connections limited by the file descriptors of the process limit=%d configured=%d",
          max, maxConnections);
    }
  }

  private static long freeDescriptors() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? system.getMaxFileDescriptorCount()
            - system.getOpenFileDescriptorCount()
            - DESCRIPTORS_FOR_FILES
            - RESERVE
        : Long.MAX_VALUE;
  }

  /** Returns the largest number of connections that are open at once. */
  int max() {
    return max;
  }

  /** Returns the connection of a channel; a channel that is new is accepted first. */
  Connection of(Channel channel) {
    Connection known = open.get(channel);
    if (known != null) {
      return known;
    }
    Connection created = new Connection(channel);
    synchronized (this) {
      Connection other = open.putIfAbsent(channel, created);
      if (other != null) {
        return other;
      }
      waiting.add(created);
    }
    channel.closeFuture().addListener(closed -> remove(created));
    return created;
  }

  /**
   * Accepts a new channel, and closes the connection that has waited for longest if the limit is
   * exceeded. Must be called before an event loop reads from the channel. Else a request could be
   * admitted before it is known that its connection exceeds the limit.
   *
   * @return whether the channel is accepted; else none waits and the reserve is used up, and the
   *     caller closes the channel
   */
  @SuppressWarnings("FutureReturnValueIgnored") // nothing waits for the end of a closed connection
  boolean accept(Channel channel) {
    Connection accepted = of(channel);
    Connection evicted = chooseEvicted(accepted);
    if (accepted.equals(evicted)) {
      return false;
    }
    if (evicted != null) {
      evicted.channel.close();
    }
    return true;
  }

  private synchronized Connection chooseEvicted(Connection accepted) {
    if (open.size() <= max) {
      return null;
    }
    Connection longest = waiting.isEmpty() ? accepted : waiting.iterator().next();
    if (longest.equals(accepted)) {
      accepted.aboveLimit = true;
      if (open.size() <= max + RESERVE) {
        return null;
      }
    }
    // The end of a connection above the limit makes no room below it.
    accepted.aboveLimit |= longest.aboveLimit;
    waiting.remove(longest);
    return longest;
  }

  private void remove(Connection connection) {
    open.remove(connection.channel);
    synchronized (this) {
      waiting.remove(connection);
    }
  }

  /** An open connection. */
  final class Connection {
    private final Channel channel;

    /** The number of requests whose head is complete and whose answer is not. */
    private final AtomicInteger requests = new AtomicInteger();

    private boolean hasIdleTimeout;
    private int completeRequests;
    private volatile boolean aboveLimit;

    private Connection(Channel channel) {
      this.channel = channel;
    }

    /** Returns whether the connection limit was reached when it was accepted, and still is. */
    boolean aboveLimit() {
      aboveLimit = aboveLimit && open.size() > max;
      return aboveLimit;
    }

    /** Records a request whose head is complete; called on the connection's event loop. */
    void requestBegins() {
      requests.incrementAndGet();
      if (!hasIdleTimeout) {
        hasIdleTimeout = true;
        IdleTimeout.install(channel, requests);
      }
    }

    /** Records that the answer to a request has ended. */
    void requestEnds() {
      requests.decrementAndGet();
    }

    /** Records a request whose body is complete: until it ends, the connection does not wait. */
    void serves() {
      synchronized (Connections.this) {
        completeRequests++;
        waiting.remove(this);
      }
    }

    /** Records that the answer to a complete request has ended. */
    void served() {
      synchronized (Connections.this) {
        if (--completeRequests == 0 && channel.isOpen()) {
          waiting.add(this);
        }
      }
    }
  }
}
