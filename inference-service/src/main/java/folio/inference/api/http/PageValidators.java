package folio.inference.api.http;

import folio.model.storage.Sha256;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * A filter that gives each file of the page an entity tag, so that a browser downloads it once for
 * each version of the service. A time would not do: every file of a reproducible build has the same
 * one.
 */
@Singleton
final class PageValidators {
  private static final Pattern FILE = Pattern.compile("/(index\\.html|page/[a-z]+\\.[a-z]+)?");
  private static final String FOLDER = "META-INF/resources";
  private static final int TAG_DIGITS = 16;

  /** The tags of the files, by path. */
  private final Map<String, String> tags = new ConcurrentHashMap<>();

  /** Answers 304 if the browser has the file; otherwise the file follows, with its tag. */
  void validate(RoutingContext http) {
    String path = http.normalizedPath();
    HttpMethod method = http.request().method();
    boolean reads = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
    if (!reads || !FILE.matcher(path).matches()) {
      http.next();
      return;
    }
    String tag = tags.computeIfAbsent(path, PageValidators::read);
    if (tag == null) {
      http.next(); // there is no such file
      return;
    }
    http.response()
        .putHeader(HttpHeaders.ETAG, tag)
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
    List<String> known = http.request().headers().getAll(HttpHeaders.IF_NONE_MATCH);
    if (known.stream().anyMatch(value -> value.equals("*") || value.contains(tag))) {
      http.response().setStatusCode(Status.NOT_MODIFIED.getStatusCode()).end();
    } else {
      http.next();
    }
  }

  /**
   * Returns the tag of a file, or null if there is none. The tag is weak, since the file may be
   * compressed on its way.
   */
  private static String read(String path) {
    String name = FOLDER + (path.equals("/") ? "/index.html" : path);
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    try (InputStream in = loader.getResourceAsStream(name)) {
      return in == null
          ? null
          : "W/\"" + Sha256.hex(in.readAllBytes()).substring(0, TAG_DIGITS) + "\"";
    } catch (IOException e) {
      throw new UncheckedIOException(name + " cannot be read", e);
    }
  }
}
