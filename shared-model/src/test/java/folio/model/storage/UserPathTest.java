package folio.model.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UserPathTest {
  private static final Path HOME = Path.of(System.getProperty("user.home"));

  @Test
  void replacesALeadingTilde() {
    assertThat(UserPath.of("~/a/b")).isEqualTo(HOME.resolve("a/b"));
    assertThat(UserPath.of("~")).isEqualTo(HOME);
    assertThat(FileCache.folderOf(Map.of("FOLIO_CACHE", "~/cache")))
        .isEqualTo(HOME.resolve("cache"));
    assertThat(StorageAddress.open("~/checkpoints", Map.of()).toString())
        .isEqualTo(StorageAddress.open(HOME + "/checkpoints", Map.of()).toString());
  }

  @Test
  void leavesOtherNamesAsTheyAre() {
    for (String name : new String[] {"a/~", "./~", "~someone/a", "~a", "a"}) {
      assertThat(UserPath.of(name)).isEqualTo(Path.of(name));
    }
  }
}
