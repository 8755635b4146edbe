package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Encodings, line ends and normalisation. */
class TextDecoderTest {
  private static final String TEXT = "na\u00efve caf\u00e9, \u201cquoted\u201d\n";

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  private String read(byte[] content, TextFormat format) throws IOException {
    notes.clear();
    String file = Files.write(folder.resolve("corpus.txt"), content).toString();
    return CorpusTexts.of(
        new CorpusSource(folder.resolve("cache"), false, notes::add, ReadProgress.NONE)
            .open(
                new CorpusRequest(
                    List.of(file), List.of(), List.of(), format, TextStructure.DEFAULT)));
  }

  private String read(byte[] content) throws IOException {
    return read(content, TextFormat.DEFAULT);
  }

  private static TextFormat encoding(String name) {
    return new TextFormat(Charset.forName(name), false, null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"})
  void readsTheEncodingOfAMarkAndDropsTheMark(String name) throws IOException {
    byte[] marked = ("\ufeff" + TEXT).getBytes(Charset.forName(name));
    assertThat(read(marked)).isEqualTo(TEXT);
    assertThat(notes).singleElement().asString().endsWith(": dropped its byte-order mark");
    assertThat(notes.get(0)).contains(" is " + name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"windows-1252", "UTF-16LE", "UTF-16BE", "GB18030", "UTF-8"})
  void readsTheEncodingThatTheUserNames(String name) throws IOException {
    assertThat(read(TEXT.getBytes(Charset.forName(name)), encoding(name))).isEqualTo(TEXT);
    assertThat(notes).isEmpty();
  }

  private void assertAdvised(byte[] content, String encoding, String text) throws IOException {
    CorpusException error = catchThrowableOfType(CorpusException.class, () -> read(content));
    Matcher advice = Pattern.compile("add --encoding (\\S+)$").matcher(error.getMessage());
    assertThat(advice.find()).as(error.getMessage()).isTrue();
    assertThat(advice.group(1)).isEqualTo(encoding);
    assertThat(read(content, encoding(advice.group(1)))).isEqualTo(text);
  }

  @Test
  void namesTheLikelyEncoding() throws IOException {
    assertAdvised(TEXT.getBytes("windows-1252"), "windows-1252", TEXT);
    assertAdvised(TEXT.getBytes(StandardCharsets.UTF_16LE), "utf-16le", TEXT);
    assertAdvised(TEXT.getBytes(StandardCharsets.UTF_16BE), "utf-16be", TEXT);
    assertAdvised(new byte[] {'a', (byte) 0x81, (byte) 0xe9}, "iso-8859-1", "a\u0081\u00e9");
    String far = "a line without accents\n".repeat(10_000) + "caf\u00e9";
    assertAdvised(far.getBytes("windows-1252"), "windows-1252", far);
    assertThatThrownBy(() -> read(far.getBytes("windows-1252")))
        .hasMessageContaining("is not UTF-8 at byte 230003; it is probably windows-1252");
  }

  @Test
  void rejectsWhatIsNotText() {
    assertThatThrownBy(() -> read(new byte[0]))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("is empty");
    assertThatThrownBy(() -> read(new byte[] {'E', 'L', 'F', 0, 1, 2}))
        .hasMessageContaining("is binary (it holds NUL)");
    assertThatThrownBy(() -> read(new byte[] {'E', 'L', 'F', 1, 2, (byte) 0xff}))
        .hasMessageContaining("is binary (it holds control characters)");
    byte[] latin = TEXT.getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> read(latin, encoding("US-ASCII")))
        .hasMessageContaining("is not US-ASCII at byte 2; name its encoding with --encoding");
  }

  @Test
  void offersToDropTheBadBytesOfADamagedText() throws Exception {
    byte[] damaged = "caf\u00e9 is closed".getBytes(StandardCharsets.UTF_8);
    damaged[6] = (byte) 0xff;
    CorpusException error = catchThrowableOfType(CorpusException.class, () -> read(damaged));
    Matcher command =
        Pattern.compile("run (iconv .* > (.*)) and name that file").matcher(error.getMessage());
    assertThat(command.find()).as(error.getMessage()).isTrue();

    Process shell =
        new ProcessBuilder("sh", "-c", command.group(1)).redirectErrorStream(true).start();
    assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
    shell.waitFor(); // iconv -c exits with 1 where it dropped something
    assertThat(read(Files.readAllBytes(Path.of(command.group(2))))).isEqualTo("caf\u00e9 s closed");
  }

  @Test
  void quotesTheNamesInACommand() throws IOException {
    Path file = folder.resolve("it's my text");
    Files.write(file, "\u00e9?".getBytes(StandardCharsets.UTF_8));
    byte[] damaged = Files.readAllBytes(file);
    damaged[2] = (byte) 0xff;
    Files.write(file, damaged);
    String path = folder.toString();
    CorpusSource source = new CorpusSource(folder, false, notes::add, ReadProgress.NONE);
    assertThatThrownBy(() -> source.open(CorpusRequest.of(file.toString())))
        .hasMessageContaining(
            "run iconv -c -f UTF-8 -t UTF-8 '"
                + path
                + "/it'\\''s my text' > '"
                + path
                + "/it'\\''s my text-utf8.txt' and");
  }

  @Test
  void normalisesLineEnds() throws IOException {
    byte[] mixed = "dos\r\nold mac\runix\n\r\n\r".getBytes(StandardCharsets.UTF_8);
    assertThat(read(mixed)).isEqualTo("dos\nold mac\nunix\n\n\n");
    assertThat(notes)
        .singleElement()
        .asString()
        .contains("converted 4 line ends to LF; --line-ends keep leaves them as they are");

    assertThat(read(mixed, new TextFormat(null, true, null)))
        .isEqualTo("dos\r\nold mac\runix\n\r\n\r");
    assertThat(notes).isEmpty();
  }

  /** Characters of every width, so that blocks end inside of characters and of line ends. */
  @Test
  void blocksDoNotShowInTheText() throws IOException {
    Random random = new Random(1);
    String[] characters = {"a", "\r\n", "\u00e9", "\u4e2d", "\ud83d\ude00", "e\u0301"};
    StringBuilder text = new StringBuilder();
    while (text.length() < 300_000) {
      text.append(characters[random.nextInt(characters.length)]);
    }
    String unix = text.toString().replace("\r\n", "\n");

    byte[] utf8 = text.toString().getBytes(StandardCharsets.UTF_8);
    assertThat(read(utf8)).isEqualTo(unix);
    assertThat(read(utf8, new TextFormat(null, false, Normalizer.Form.NFC)))
        .isEqualTo(Normalizer.normalize(unix, Normalizer.Form.NFC));
    assertThat(read(text.toString().getBytes(StandardCharsets.UTF_16LE), encoding("UTF-16LE")))
        .isEqualTo(unix);
  }

  @Test
  void normalises() throws IOException {
    byte[] text = "cafe\u0301 \ufb01n \u2460".getBytes(StandardCharsets.UTF_8);
    assertThat(read(text)).isEqualTo("cafe\u0301 \ufb01n \u2460");
    assertThat(read(text, new TextFormat(null, false, Normalizer.Form.NFC)))
        .isEqualTo("caf\u00e9 \ufb01n \u2460");
    assertThat(read(text, new TextFormat(null, false, Normalizer.Form.NFKC)))
        .isEqualTo("caf\u00e9 fin 1");
  }
}
