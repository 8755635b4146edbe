package folio.benchmark.process;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Resources that must not outlive this process, such as child processes and temporary folders.
 *
 * <p>The scope closes them once, in reverse order: in {@link #close}, or in a shutdown hook, which
 * also runs after Ctrl-C. Safe for use by any thread.
 */
public final class ShutdownScope implements AutoCloseable {
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();
  private boolean closed;

  private final Thread hook = new Thread(this::closeAll, "shutdown-scope");

  /** Creates an empty scope and registers its shutdown hook. */
  public ShutdownScope() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Takes ownership of a resource.
   *
   * @return the same resource
   * @throws BenchmarkException if the scope is already closed; the resource is then closed too
   */
  public synchronized <T extends AutoCloseable> T add(T resource) {
    if (closed) {
      closeQuietly(resource);
      throw new BenchmarkException("interrupted");
    }
    resources.push(resource);
    return resource;
  }

  @Override
  public void close() {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The shutdown hook already runs; it finds no open resource.
    }
  }

  private synchronized void closeAll() {
    closed = true;
    while (!resources.isEmpty()) {
      closeQuietly(resources.pop());
    }
  }

  /** Closes a resource and prints its failure, so that the remaining resources are closed too. */
  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      System.err.println("folio: " + e);
    }
  }
}
