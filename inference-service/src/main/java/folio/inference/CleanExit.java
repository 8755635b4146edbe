package folio.inference;

import io.quarkus.runtime.Quarkus;
import java.lang.reflect.Proxy;
import org.jboss.logging.Logger;

/**
 * The signal handlers that make a clean shutdown exit with 0. The JVM's own handlers exit with 128
 * plus the signal's number.
 */
final class CleanExit {
  private static final Logger LOG = Logger.getLogger(CleanExit.class);

  private CleanExit() {}

  /**
   * Installs handlers of SIGTERM and SIGINT that stop the application and exit with 0. They are
   * installed by reflection because no lint option silences the compiler's warning about {@code
   * sun.misc}; a JVM without that package keeps its own handlers.
   */
  static void install() {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object stop =
          Proxy.newProxyInstance(
              CleanExit.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                Quarkus.asyncExit(0);
                return null;
              });
      for (String name : new String[] {"TERM", "INT"}) {
        signal
            .getMethod("handle", signal, handler)
            .invoke(null, signal.getConstructor(String.class).newInstance(name), stop);
      }
    } catch (ReflectiveOperationException e) {
      LOG.debug("Signal handlers not installed; the JVM chooses the exit code", e);
    }
  }
}
