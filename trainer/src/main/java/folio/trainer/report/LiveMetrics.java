package folio.trainer.report;

import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/**
 * An HTTP server that exposes the current figures of a run to Prometheus: one gauge for each number
 * in the run's metrics file, such as {@code folio_training_learning_rate}. Updated by the training
 * thread; closed by its creator.
 */
public final class LiveMetrics implements AutoCloseable {
  /** Live metrics without a server; updates have no effect. */
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
   * Starts a server.
   *
   * @param host the address to listen on
   * @param port the port to listen on; 0 for any unused one
   * @throws UncheckedIOException if the port is taken
   */
  public static LiveMetrics serve(String host, int port) {
    PrometheusRegistry registry = new PrometheusRegistry();
    try {
      return new LiveMetrics(
          registry,
          HTTPServer.builder().hostname(host).port(port).registry(registry).buildAndStart());
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException(host + ":" + port + " cannot be listened on: " + e.getMessage(), e));
    }
  }

  /** Returns the server's port, or -1 without a server. */
  public int port() {
    return server == null ? -1 : server.getPort();
  }

  /**
   * Sets the gauges of all numbers among the fields of an event. A field that holds several numbers
   * becomes one gauge with the label {@code protocol}; other fields are ignored.
   */
  public void update(long step, Map<String, ?> fields) {
    if (registry == null) {
      return;
    }
    gauge("step").set((double) step);
    for (Figure figure : Figure.of(fields)) {
      if (figure.protocol() == null) {
        gauge(figure.name()).set(figure.value());
      } else {
        gauge(figure.name(), "protocol").labelValues(figure.protocol()).set(figure.value());
      }
    }
  }

  private Gauge gauge(String name, String... labels) {
    return gauges.computeIfAbsent(
        PREFIX + name,
        fullName ->
            Gauge.builder()
                .name(fullName)
                .help("The newest " + name.replace('_', ' ') + " in the record of the run")
                .labelNames(labels)
                .register(registry));
  }

  /** Stops the server. */
  @Override
  public void close() {
    if (server != null) {
      server.stop();
    }
  }
}
