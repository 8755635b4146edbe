package folio.model.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCacheTest {
  private static final int SIZE = 100;

  @TempDir Path folder;
  private int reads;

  private byte[] get(FileCache cache, int fill) throws IOException {
    byte[] content = content(fill);
    return cache.get(
        Sha256.hex(content),
        () -> {
          reads++;
          return content;
        });
  }

  private static byte[] content(int fill) {
    byte[] content = new byte[SIZE];
    content[0] = (byte) fill;
    return content;
  }

  private void setLastUse(int fill, int secondsAgo) throws IOException {
    Files.setLastModifiedTime(
        folder.resolve(Sha256.hex(content(fill))),
        FileTime.from(Instant.now().minusSeconds(secondsAgo)));
  }

  @Test
  void readsTheOriginOnce() throws IOException {
    FileCache cache = new FileCache(folder, 10 * SIZE);

    assertThat(get(cache, 1)).isEqualTo(content(1));
    assertThat(get(cache, 1)).isEqualTo(content(1));
    assertThat(reads).isEqualTo(1);
  }

  @Test
  void deletesTheLeastRecentlyUsedFile() throws IOException {
    FileCache cache = new FileCache(folder, 3 * SIZE);
    for (int fill = 1; fill <= 3; fill++) {
      get(cache, fill);
      setLastUse(fill, 100 - fill);
    }
    get(cache, 1); // now the most recently used file
    get(cache, 4);

    assertThat(folder.toFile().list())
        .containsExactlyInAnyOrder(
            Sha256.hex(content(1)), Sha256.hex(content(3)), Sha256.hex(content(4)));
    reads = 0;
    get(cache, 1);
    assertThat(reads).isZero();
    get(cache, 2);
    assertThat(reads).isEqualTo(1);
  }

  @Test
  void doesNotCacheContentOfAnotherDigest() throws IOException {
    FileCache cache = new FileCache(folder, 10 * SIZE);
    byte[] other = cache.get(Sha256.hex(content(1)), () -> content(2));

    assertThat(other).isEqualTo(content(2));
    assertThat(folder.toFile().list()).isEmpty();
  }

  @Test
  void ignoresFilesThatAreTooLarge() throws IOException {
    get(new FileCache(folder.resolve("cache"), SIZE - 1), 1);

    assertThat(folder.toFile().list()).isEmpty();
  }

  @Test
  void neitherReadsNorTouchesAFileOutsideItsFolder() throws IOException {
    byte[] outside = content(7);
    String name = Sha256.hex(outside);
    Files.createDirectory(folder.resolve("cache"));
    Path file = Files.write(folder.resolve(name), outside);
    FileTime old = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
    Files.setLastModifiedTime(file, old);
    FileCache cache = new FileCache(folder.resolve("cache"), 10 * SIZE);

    assertThat(cache.get("../" + name, () -> content(1))).isEqualTo(content(1));
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(old);
  }

  @Test
  void readsTheOriginWhenTheDigestIsNoFileName() throws IOException {
    FileCache cache = new FileCache(folder.resolve("cache"), 10 * SIZE);

    assertThat(cache.get("\0", () -> content(1))).isEqualTo(content(1));
  }

  @Test
  void readsADamagedFileFromItsOriginAgain() throws IOException {
    FileCache cache = new FileCache(folder, 10 * SIZE);
    get(cache, 1);
    Files.write(folder.resolve(Sha256.hex(content(1))), new byte[3]);

    assertThat(get(cache, 1)).isEqualTo(content(1));
    assertThat(reads).isEqualTo(2);
    assertThat(get(cache, 1)).isEqualTo(content(1));
    assertThat(reads).isEqualTo(2);
  }

  @Test
  void cachesComputedFilesByTheDigestOfTheirInputs() throws IOException {
    String source = Sha256.hex(content(7));
    FileCache.Origin compiler =
        () -> {
          reads++;
          return content(reads);
        };
    FileCache cache = new FileCache(folder, 10 * SIZE);

    assertThat(cache.derived(source, compiler)).isEqualTo(content(1));
    assertThat(cache.derived(source, compiler)).isEqualTo(content(1));
    Files.write(folder.resolve(source), content(1)); // without its own digest
    assertThat(cache.derived(source, compiler)).isEqualTo(content(2));
    Files.write(folder.resolve(source), new byte[3]);
    assertThat(cache.derived(source, compiler)).isEqualTo(content(3));
    assertThat(cache.derived(source, compiler)).isEqualTo(content(3));
  }
}
