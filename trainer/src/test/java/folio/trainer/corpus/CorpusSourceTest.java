package folio.trainer.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts in files, folders, patterns, archives and standard input. */
class CorpusSourceTest {
  private static final byte[] BINARY = {'E', 'L', 'F', 0, 1, 2};

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  private String read(String... names) {
    notes.clear();
    CorpusRequest request =
        new CorpusRequest(
            List.of(names), List.of(), List.of(), TextFormat.DEFAULT, TextStructure.DEFAULT);
    return CorpusTexts.of(
        new CorpusSource(folder.resolve("cache"), false, notes::add, ReadProgress.NONE)
            .open(request));
  }

  private String write(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content).toString();
  }

  private String write(String name, String text) throws IOException {
    return write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private interface Compression {
    OutputStream of(OutputStream out) throws IOException;
  }

  private static byte[] compressed(Compression compression, String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = compression.of(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  void joinsFilesWithALineFeedWhereOneIsMissing() throws IOException {
    assertThat(read(write("a.txt", "one\n"), write("b.txt", "two"), write("c.txt", "three")))
        .isEqualTo("one\ntwo\nthree");
  }

  @Test
  void readsAFolderInTheOrderOfItsPathsWithoutWhatIsNotText() throws IOException {
    write("src/b/second.c", "second\n");
    write("src/a/first.c", "first\n");
    write("src/.git/hidden", "hidden\n");
    write("src/picture.png", BINARY);
    write("src/z.txt", "last\n");

    assertThat(read(folder.resolve("src").toString())).isEqualTo("first\nsecond\nlast\n");
    assertThat(notes)
        .containsExactly(
            "skipped 1 file that is not text: " + folder.resolve("src").resolve("picture.png"));
  }

  @Test
  void readsTheFilesOfAPattern() throws IOException {
    write("src/a/1.c", "one\n");
    write("src/2.c", "two\n");
    write("src/3.h", "three\n");
    assertThat(read(folder + "/src/**.c")).isEqualTo("two\none\n");
    assertThat(read(folder + "/src/*.{c,h}")).isEqualTo("two\nthree\n");
    assertThat(read(folder.resolve("src/2.c").toUri().toString())).isEqualTo("two\n");
  }

  @Test
  void namesWhatIsMissing() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertThatThrownBy(() -> read(folder + "/none.txt")).hasMessageContaining("no such file");
    assertThatThrownBy(() -> read(folder + "/*.md")).hasMessageContaining("matches no file");
    assertThatThrownBy(() -> read(empty.toString())).hasMessageContaining("a folder without files");
    write("binary/a", BINARY);
    assertThatThrownBy(() -> read(folder + "/binary")).hasMessageContaining("is binary");
  }

  @Test
  void unpacksGzipAndZstdWhateverTheirNames() throws IOException {
    assertThat(read(write("text.txt", compressed(GZIPOutputStream::new, "zipped\n"))))
        .isEqualTo("zipped\n");
    assertThat(read(write("text.zst", compressed(ZstdOutputStream::new, "standard\n"))))
        .isEqualTo("standard\n");
  }

  @Test
  void unpacksTheTextsOfAZipFile() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (String name : List.of("poems/", "poems/1.txt", "poems/a.png", "__MACOSX/._1.txt")) {
        zip.putNextEntry(new ZipEntry(name));
        if (name.endsWith(".txt")) {
          zip.write("a poem\n".getBytes(StandardCharsets.UTF_8));
        } else if (name.endsWith(".png")) {
          zip.write(BINARY);
        }
      }
    }
    String archive = write("poems.zip", bytes.toByteArray());

    assertThat(read(archive)).isEqualTo("a poem\n");
    assertThat(notes)
        .containsExactly("skipped 1 file that is not text: " + archive + "!poems/a.png");
  }

  @Test
  void pointsToTheFolderOfATarArchive() throws IOException {
    byte[] tar = new byte[1024];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
    String archive = write("texts.tar", tar);
    assertThatThrownBy(() -> read(archive))
        .hasMessageContaining("is a tar archive; unpack it and name its folder");
  }

  @Test
  void readsStandardInput() {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream("from a pipe\n".getBytes(StandardCharsets.UTF_8)));
    try {
      assertThat(read("-")).isEqualTo("from a pipe\n");
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void reportsADamagedArchive() throws IOException {
    byte[] whole =
        compressed(GZIPOutputStream::new, String.join(" ", Collections.nCopies(99, "x")));
    String half = write("half.gz", Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> read(half))
        .isInstanceOf(CorpusException.class)
        .hasMessageContaining("half.gz cannot be read");
  }

  @Test
  void readsAFileInTheHomeFolder() throws IOException {
    write("mine.txt", "a text of my own");
    String home = System.setProperty("user.home", folder.toString());
    try {
      assertThat(read("~/mine.txt")).isEqualTo("a text of my own");
    } finally {
      System.setProperty("user.home", home);
    }
  }
}
