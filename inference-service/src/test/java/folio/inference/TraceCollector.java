package folio.inference;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/** A receiver of the traces that a service exports in OTLP over HTTP. */
final class TraceCollector implements AutoCloseable {
  private final Queue<ExportTraceServiceRequest> exports = new ConcurrentLinkedQueue<>();
  private final HttpServer server;

  /** Starts a receiver on a free port. */
  TraceCollector() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/traces", this::collect);
    server.start();
  }

  private void collect(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
      byte[] body =
          (zipped ? new GZIPInputStream(exchange.getRequestBody()) : exchange.getRequestBody())
              .readAllBytes();
      exports.add(ExportTraceServiceRequest.parseFrom(body));
      exchange.sendResponseHeaders(200, -1);
    }
  }

  /** Returns settings of a service that would export its traces to this receiver. */
  Map<String, String> settings() {
    return Map.of(
        "QUARKUS_OTEL_EXPORTER_OTLP_ENDPOINT",
        "http://127.0.0.1:" + server.getAddress().getPort(),
        "QUARKUS_OTEL_EXPORTER_OTLP_PROTOCOL",
        "http/protobuf",
        "QUARKUS_OTEL_BSP_SCHEDULE_DELAY",
        "0.1S");
  }

  /** Returns whether nothing was received. */
  boolean isEmpty() {
    return exports.isEmpty();
  }

  /** Returns everything received as text; protobuf contains strings as plain bytes. */
  String text() {
    return exports.stream()
        .map(export -> new String(export.toByteArray(), StandardCharsets.ISO_8859_1))
        .collect(Collectors.joining());
  }

  /** Returns the received spans of a kind, in the order of their ends. */
  List<Span> spans(Span.SpanKind kind) {
    return exports.stream()
        .flatMap(export -> export.getResourceSpansList().stream())
        .flatMap(resource -> resource.getScopeSpansList().stream())
        .flatMap(scope -> scope.getSpansList().stream())
        .filter(span -> span.getKind() == kind)
        .toList();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
