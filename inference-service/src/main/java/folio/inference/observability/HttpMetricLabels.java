package folio.inference.observability;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Set;

/**
 * The bound on the label values of the HTTP server's metrics. Quarkus takes the method from the
 * request, and takes the path too when a filter answers. Each new pair of values is a meter that
 * lives as long as the process, so a client that invents values would fill the heap.
 */
@Singleton
final class HttpMetricLabels {
  /** The value of a label instead of all values that are not known. */
  static final String OTHER = "OTHER";

  /** The value of the label {@code uri} for every file of the page. */
  static final String PAGE_FILES = "/page/*";

  private static final String PREFIX = "http.server.";

  private static final Set<String> METHODS =
      Set.of("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE");

  /** The paths of the resources and the page, and Quarkus's values for answers without a path. */
  static final Set<String> URIS =
      Set.of(
          "/checkpoints",
          "/generate",
          "/models",
          "/models/{version}",
          "/activations",
          "/runs",
          "/runs/{run}",
          "/parameters",
          "/score",
          "/v1/completions",
          "/v1/models",
          "/v1/models/{id}",
          "/index.html",
          "NOT_FOUND",
          "REDIRECTION",
          "UNKNOWN",
          "root");

  /** Returns the filter that Quarkus adds to the registry; it is called for each new meter. */
  @Produces
  @Singleton
  MeterFilter boundedLabels() {
    return new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        if (!id.getName().startsWith(PREFIX)) {
          return id;
        }
        List<Tag> bounded = id.getTags().stream().map(HttpMetricLabels::bounded).toList();
        return id.replaceTags(bounded);
      }
    };
  }

  private static Tag bounded(Tag tag) {
    return switch (tag.getKey()) {
      case "method" -> METHODS.contains(tag.getValue()) ? tag : Tag.of(tag.getKey(), OTHER);
      case "uri" -> Tag.of(tag.getKey(), uri(tag.getValue()));
      default -> tag;
    };
  }

  private static String uri(String path) {
    if (URIS.contains(path)) {
      return path;
    }
    return path.startsWith("/page/") ? PAGE_FILES : OTHER;
  }
}
