package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import folio.model.checkpoint.CheckpointManifest;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  @TempDir Path folder;

  private CorpusSource source(String cache) {
    return new CorpusSource(folder.resolve(cache), false, note -> {});
  }

  private Corpus open(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("corpus.txt"), content);
    return source("cache").open(file.toString());
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
    Assumptions.assumeTrue(Files.exists(file), "no tiny-shakespeare at " + file);
    Corpus corpus = source("cache").open(file.toString());

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
    assertThatThrownBy(() -> source("cache").open(folder.resolve("none").toString()))
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> open("short".getBytes(StandardCharsets.UTF_8)).validation(null))
        .hasMessageContaining("too short");
  }

  /** The name of the converted file is the last word of the command in an error. */
  private void assertConvertible(byte[] content, String encoding, String text) throws Exception {
    CorpusException error = catchThrowableOfType(CorpusException.class, () -> open(content));
    assertThat(error).hasMessageContaining(encoding).hasMessageContaining("not UTF-8");
    Matcher command =
        Pattern.compile("run (iconv .* > (.*)) and name that file").matcher(error.getMessage());
    assertThat(command.find()).as(error.getMessage()).isTrue();

    Process shell =
        new ProcessBuilder("sh", "-c", command.group(1)).redirectErrorStream(true).start();
    assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
    shell.waitFor(); // iconv -c exits with 1 where it dropped something
    assertThat(command.group(2)).isEqualTo(folder.resolve("corpus-utf8.txt").toString());
    assertThat(source("cache").open(command.group(2)).text()).isEqualTo(text);
  }

  @Test
  void namesTheLikelyEncodingAndACommandThatConverts() throws Exception {
    String text = "na\u00efve caf\u00e9, \u201cquoted\u201d\n";
    assertConvertible(text.getBytes("windows-1252"), "WINDOWS-1252", text);
    assertConvertible(text.getBytes(StandardCharsets.UTF_16LE), "UTF-16LE", text);
    assertConvertible(text.getBytes(StandardCharsets.UTF_16BE), "UTF-16BE", text);
    assertConvertible(("\ufeff" + text).getBytes(StandardCharsets.UTF_16LE), "UTF-16", text);
    assertConvertible(("\ufeff" + text).getBytes(StandardCharsets.UTF_16BE), "UTF-16", text);
    assertConvertible(("\ufeff" + text).getBytes("UTF-32LE"), "UTF-32", text);
    assertConvertible(new byte[] {'a', (byte) 0x81, (byte) 0xe9}, "ISO-8859-1", "a\u0081\u00e9");
  }

  @Test
  void offersToDropTheBadBytesOfADamagedText() throws Exception {
    byte[] damaged = "caf\u00e9 is closed".getBytes(StandardCharsets.UTF_8);
    damaged[6] = (byte) 0xff;
    assertConvertible(damaged, "-c -f UTF-8", "caf\u00e9 s closed");
  }

  @Test
  void quotesTheNamesInACommand() throws IOException {
    Path file = folder.resolve("it's my text");
    Files.write(file, new byte[] {'a', (byte) 0xe9});
    String path = folder.toString();
    assertThatThrownBy(() -> source("cache").open(file.toString()))
        .hasMessageContaining(
            "run iconv -f WINDOWS-1252 -t UTF-8 '"
                + path
                + "/it'\\''s my text' > '"
                + path
                + "/it'\\''s my text-utf8.txt' and");
  }

  @Test
  void readsAFileInTheHomeFolder() throws IOException {
    Files.writeString(folder.resolve("mine.txt"), "a text of my own");
    String home = System.setProperty("user.home", folder.toString());
    try {
      assertThat(source("cache").open("~/mine.txt").text()).isEqualTo("a text of my own");
    } finally {
      System.setProperty("user.home", home);
    }
  }
}
