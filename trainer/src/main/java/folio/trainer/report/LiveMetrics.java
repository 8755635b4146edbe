package folio.trainer.report;

import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A run's figures for whoever scrapes them while it goes on: a gauge a number of its record, {@code
 * folio_training_learning_rate} and the like. Updated by the training thread.
 */
public final class LiveMetrics implements AutoCloseable {
  /** Shows nothing. */
  public static final LiveMetrics NONE = new LiveMetrics(null, null);

  private static final String PREFIX = "folio_training_";

  private final PrometheusRegistry registry;
  private final HTTPServer server;
  private final Map<String, Gauge> gauges = new HashMap<>();

  private LiveMetrics(PrometheusRegistry registry, HTTPServer server) {
    this.registry = registry;
    this.server = server;
  }

  /**
   * Serves them on every address of this machine.
   *
   * @param port 0: any free one
   * @throws UncheckedIOException if the port is taken
   */
  public static LiveMetrics serve(int port) {
    PrometheusRegistry registry = new PrometheusRegistry();
    try {
      return new LiveMetrics(
          registry, HTTPServer.builder().port(port).registry(registry).buildAndStart());
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("port " + port + " cannot be listened on: " + e.getMessage(), e));
    }
  }

  /** Where they are, or -1 if nowhere. */
  public int port() {
    return server == null ? -1 : server.getPort();
  }

  /** Shows the numbers among some fields; those of a field of several by protocol. */
  public void update(long step, Map<String, ?> fields) {
    if (registry == null) {
      return;
    }
    gauge("step").set((double) step);
    fields.forEach(
        (name, value) -> {
          if (value instanceof Number number) {
            gauge(name).set(number.doubleValue());
          } else if (value instanceof Map<?, ?> several) {
            several.forEach((label, one) -> showOne(name, label, one));
          }
        });
  }

  private void showOne(String name, Object label, Object value) {
    if (value instanceof Number number) {
      gauge(name, "protocol").labelValues(String.valueOf(label)).set(number.doubleValue());
    }
  }

  private Gauge gauge(String name, String... labels) {
    return gauges.computeIfAbsent(
        PREFIX + name,
        full ->
            Gauge.builder()
                .name(full)
                .help(name.replace('_', ' ') + ", of the last line of the record that has it")
                .labelNames(labels)
                .register(registry));
  }

  @Override
  public void close() {
    if (server != null) {
      server.stop();
    }
  }
}
