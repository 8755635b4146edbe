package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  @TempDir Path folder;

  private Corpus open(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("corpus.txt"), content);
    return new CorpusSource(folder.resolve("cache")).open(file.toString());
  }

  @Test
  void splitsLikeNanoGpt() throws IOException {
    Corpus corpus = open("abcdefghijklmnopqrst".getBytes(StandardCharsets.UTF_8));
    Vocabulary vocabulary = corpus.vocabulary();

    assertThat(vocabulary.decode(corpus.training(vocabulary, 1))).isEqualTo("abcdefghijklmnopqr");
    assertThat(vocabulary.decode(corpus.training(vocabulary, 0.5))).isEqualTo("abcdefghi");
    assertThat(vocabulary.decode(corpus.validation(vocabulary))).isEqualTo("st");
  }

  @Test
  void readsTinyShakespeare() {
    Path file = Path.of(System.getProperty("test.corpus", "none"));
    Assumptions.assumeTrue(Files.exists(file), "skipped: no tiny-shakespeare at " + file);
    Corpus corpus = new CorpusSource(folder).open(file.toString());

    assertThat(corpus.description().characters()).isEqualTo(1_115_394);
    assertThat(corpus.vocabulary().size()).isEqualTo(65);
    assertThat(corpus.description().sha256()).startsWith("86c4e6aa9db7c042");
    assertThat(corpus.validation(corpus.vocabulary())).hasSize(111_540);
  }

  /** The service shows the name to its clients. */
  @Test
  void describesAFileWithoutItsFolder() throws IOException {
    assertThat(open("some text".getBytes(StandardCharsets.UTF_8)).description().name())
        .isEqualTo("corpus.txt");
    assertThat(CheckpointManifest.Corpus.publicName("https://me:secret@host/a/b.txt?key=1#c"))
        .isEqualTo("https://host/a/b.txt");
    assertThat(CheckpointManifest.Corpus.publicName("tiny-shakespeare"))
        .isEqualTo("tiny-shakespeare");
  }

  @Test
  void rejectsFilesThatAreNotText() {
    assertThatThrownBy(() -> open(new byte[0]))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("is empty");
    assertThatThrownBy(() -> open(new byte[] {'E', 'L', 'F', 0, 1, 2}))
        .hasMessageContaining("is binary");
    assertThatThrownBy(() -> open("caf\u00e9".getBytes(StandardCharsets.ISO_8859_1)))
        .hasMessageContaining("not UTF-8 at byte 3");
    assertThatThrownBy(() -> new CorpusSource(folder).open(folder.resolve("none").toString()))
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> open("short".getBytes(StandardCharsets.UTF_8)).validation(null))
        .hasMessageContaining("too short");
  }

  @Test
  void downloadsATextOnceAndReportsErrors() throws IOException {
    AtomicInteger requests = new AtomicInteger();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/text",
        exchange -> {
          requests.incrementAndGet();
          byte[] body = "a text to train on".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      String root = "http://127.0.0.1:" + server.getAddress().getPort();
      CorpusSource source = new CorpusSource(folder.resolve("cache"));
      assertThat(source.open(root + "/text").description().characters()).isEqualTo(18);
      assertThat(source.open(root + "/text").description().characters()).isEqualTo(18);
      assertThat(requests).hasValue(1);
      assertThatThrownBy(() -> source.open(root + "/nothing"))
          .isInstanceOf(CorpusException.class)
          .hasMessageContaining("answered 404; name a file with --corpus FILE");
    } finally {
      server.stop(0);
    }
    assertThatThrownBy(() -> new CorpusSource(folder).open("http://127.0.0.1:1/text"))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("cannot be reached");
  }
}
