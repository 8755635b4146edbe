package folio.inference;

import io.quarkus.runtime.Quarkus;
import java.lang.reflect.Proxy;
import org.jboss.logging.Logger;

/**
 * Ends the process with 0 after a signal and a clean shutdown. Left to the JVM, it would end with
 * 128 and the signal's number.
 */
final class CleanExit {
  private static final Logger LOG = Logger.getLogger(CleanExit.class);

  private CleanExit() {}

  /**
   * From now on SIGTERM and SIGINT stop the application as it would stop itself. Goes through
   * reflection because no lint option silences the compiler about {@code sun.misc}; where a JVM
   * does not have it, the exit code is the JVM's.
   */
  static void onSignals() {
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
      LOG.debug("signals are left to the JVM", e);
    }
  }
}
