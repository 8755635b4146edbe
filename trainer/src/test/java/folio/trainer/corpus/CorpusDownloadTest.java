package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import folio.model.storage.Sha256;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Corpora at addresses of a real server. */
class CorpusDownloadTest {
  private static final String FIRST = "a text to train on";
  private static final String SECOND = "another text to train on";

  @TempDir Path folder;
  private final AtomicInteger bodies = new AtomicInteger();
  private final List<String> notes = new ArrayList<>();
  private HttpServer server;
  private String url;

  // The answer of the server; the test sets it before it opens the address.
  private volatile byte[] body = FIRST.getBytes(StandardCharsets.UTF_8);
  private volatile String type = "text/plain";
  private volatile String etag;
  private volatile String lastModified;
  private volatile int status = 200;
  private volatile boolean truncated;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/text", this::answer);
    server.start();
    url = "http://127.0.0.1:" + server.getAddress().getPort() + "/text";
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean same =
          (etag != null && etag.equals(exchange.getRequestHeaders().getFirst("If-None-Match")))
              || (lastModified != null
                  && Objects.equals(
                      lastModified, exchange.getRequestHeaders().getFirst("If-Modified-Since")));
      if (same) {
        exchange.sendResponseHeaders(304, -1);
        return;
      }
      bodies.incrementAndGet();
      exchange.getResponseHeaders().set("Content-Type", type);
      if (etag != null) {
        exchange.getResponseHeaders().set("ETag", etag);
      }
      if (lastModified != null) {
        exchange.getResponseHeaders().set("Last-Modified", lastModified);
      }
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body, 0, truncated ? body.length / 2 : body.length);
    }
  }

  private String open() {
    return open(false);
  }

  private String open(boolean refresh) {
    notes.clear();
    return CorpusTexts.of(
        new CorpusSource(folder.resolve("cache"), refresh, notes::add, ReadProgress.NONE)
            .open(CorpusRequest.of(url)));
  }

  private void serve(String text) {
    body = text.getBytes(StandardCharsets.UTF_8);
  }

  private Path copy() {
    String key = Sha256.hex(url.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
    return folder.resolve("cache").resolve(key + ".txt");
  }

  private List<String> cached() throws IOException {
    if (Files.notExists(folder.resolve("cache"))) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void downloadsAnUnchangedTextOnceAndSaysWhereItsCopyIs() {
    etag = "\"1\"";
    assertThat(open()).isEqualTo(FIRST);
    assertThat(notes).containsExactly(url + " was downloaded to " + copy());
    assertThat(open()).isEqualTo(FIRST);
    assertThat(notes).containsExactly(url + " is unchanged; using the copy in " + copy());
    assertThat(bodies).hasValue(1);

    etag = null;
    lastModified = "Tue, 24 Nov 2026 08:00:00 GMT";
    open();
    open();
    assertThat(bodies).hasValue(2);
  }

  @Test
  void noticesAChangedTextAndKeepsTheEarlierOne() throws IOException {
    etag = "\"1\"";
    open();
    serve(SECOND);
    etag = "\"2\"";

    assertThat(open()).isEqualTo(SECOND);
    String digest = Sha256.hex(FIRST.getBytes(StandardCharsets.UTF_8)).substring(0, 8);
    Path earlier =
        folder
            .resolve("cache")
            .resolve(copy().getFileName().toString().replace(".txt", "-" + digest + ".txt"));
    assertThat(notes)
        .containsExactly(
            url + " has changed; downloaded to " + copy() + "; the earlier text is in " + earlier);
    assertThat(earlier).hasContent(FIRST);
    assertThat(open()).isEqualTo(SECOND);
    assertThat(bodies).hasValue(2);
  }

  @Test
  void noticesAChangedTextOfAServerWithoutVersions() {
    open();
    serve(SECOND);
    assertThat(open()).isEqualTo(SECOND);
  }

  @Test
  void downloadsAgainOnRequest() {
    etag = "\"1\"";
    open();
    assertThat(open(true)).isEqualTo(FIRST);
    assertThat(bodies).hasValue(2);
    server.stop(0);
    assertThatThrownBy(() -> open(true))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("cannot be reached")
        .hasMessageEndingWith("; name a file with --corpus FILE");
  }

  @Test
  void usesTheCopyWhenTheServerCannotBeReachedOrFails() {
    open();
    status = 503;
    assertThat(open()).isEqualTo(FIRST);
    assertThat(notes)
        .containsExactly("warning: " + url + " answered 503; using the copy in " + copy());
    server.stop(0);
    assertThat(open()).isEqualTo(FIRST);
    assertThat(notes)
        .singleElement()
        .asString()
        .startsWith("warning: " + url + " cannot be reached")
        .endsWith("; using the copy in " + copy());
  }

  private void assertNothingIsKept(String reason) throws IOException {
    assertThatThrownBy(this::open)
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining(url)
        .hasMessageContaining(reason);
    assertThat(cached()).isEmpty();
  }

  @Test
  void keepsNoAnswerThatIsNotAText() throws IOException {
    serve("");
    assertNothingIsKept("is empty");
    status = 404;
    serve("no such text");
    assertNothingIsKept("answered 404; name a file with --corpus FILE");
    status = 200;
    serve(" <!-- 1 -->\n<!DOCTYPE html><title>Log in</title>");
    assertNothingIsKept("is a web page (HTML), not a text; name a file with --corpus FILE");
    type = "text/html; charset=utf-8";
    serve("<h1>Log in</h1>");
    assertNothingIsKept("is a web page (HTML)");
    type = "text/plain";
    body = "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1);
    assertNothingIsKept("it is probably windows-1252: add --encoding windows-1252");
    body = new byte[] {'E', 'L', 'F', 0, 1, 2};
    assertNothingIsKept("is binary");
    serve(FIRST);
    truncated = true;
    assertNothingIsKept("cannot be reached");

    truncated = false;
    type = "text/html"; // some servers call every text HTML
    assertThat(open()).isEqualTo(FIRST);
  }

  @Test
  void keepsItsCopyWhenTheAddressNoLongerHasAText() {
    open();
    type = "text/html";
    serve("<html>Log in");
    assertThat(open()).isEqualTo(FIRST);
    assertThat(notes)
        .containsExactly(
            "warning: " + url + " is a web page (HTML), not a text; using the copy in " + copy());
    assertThat(copy()).hasContent(FIRST);
  }

  /** Earlier releases kept every answer of 200, and nothing about its version. */
  @Test
  void downloadsAgainInPlaceOfACopyThatIsNotAText() throws IOException {
    Files.createDirectories(copy().getParent());
    for (String kept : List.of("", "<html>Log in", SECOND)) {
      Files.writeString(copy(), kept);
      assertThat(open()).isEqualTo(FIRST);
      assertThat(copy()).hasContent(FIRST);
    }
  }

  @Test
  void leavesOnlyTheCopyAndItsOrigin() throws IOException {
    open();
    String name = copy().getFileName().toString();
    assertThat(cached()).containsExactly(name.replace(".txt", ".json"), name);
  }

  @Test
  void rejectsAnAddressThatIsNotAUrl() {
    CorpusSource source = new CorpusSource(folder, false, notes::add, ReadProgress.NONE);
    for (String name : List.of("http://a b", "https:///no-host")) {
      assertThatThrownBy(() -> source.open(CorpusRequest.of(name)))
          .isInstanceOf(CorpusException.class)
          .hasMessageStartingWith("--corpus " + name + " is not a valid URL");
    }
    assertThatThrownBy(() -> source.open(CorpusRequest.of("http://127.0.0.1:1/text")))
        .hasMessageContaining("cannot be reached");
  }
}
