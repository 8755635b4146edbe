package folio.benchmark;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Things that must not outlive this process: they are closed in reverse order, once, by {@link
 * #close} or when the process ends in whatever way runs shutdown hooks, Ctrl-C among them. Safe for
 * use by any thread.
 */
final class ExitScope implements AutoCloseable {
  private final Deque<AutoCloseable> things = new ArrayDeque<>();
  private boolean closed;

  private final Thread hook = new Thread(this::closeAll, "exit-scope");

  ExitScope() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Takes over a thing.
   *
   * @return the same thing
   * @throws BenchmarkException if the scope is closed already; the thing is closed then
   */
  synchronized <T extends AutoCloseable> T add(T thing) {
    if (closed) {
      closeQuietly(thing);
      throw new BenchmarkException("interrupted");
    }
    things.push(thing);
    return thing;
  }

  @Override
  public void close() {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It runs already, and finds nothing to close.
    }
  }

  private synchronized void closeAll() {
    closed = true;
    while (!things.isEmpty()) {
      closeQuietly(things.pop());
    }
  }

  /** One thing that cannot be closed must not keep the others open. */
  private static void closeQuietly(AutoCloseable thing) {
    try {
      thing.close();
    } catch (Exception e) {
      System.err.println("folio: " + e);
    }
  }
}
