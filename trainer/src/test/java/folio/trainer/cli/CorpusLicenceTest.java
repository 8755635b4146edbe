package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.CheckpointStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The licence of a corpus, on its way from the command line to the model card. */
class CorpusLicenceTest extends SmallRunTest {
  private int publish(String... more) {
    List<String> words = new ArrayList<>(List.of("publish"));
    words.addAll(List.of(more));
    return withStore(words.toArray(String[]::new));
  }

  /** Returns the licence in the manifest of the newest version, which its model card has too. */
  private String newestLicence() throws IOException {
    CheckpointStore store = store();
    String newest = store.versions().get(store.versions().size() - 1);
    String licence = store.manifest(newest).corpus().licence();
    assertThat(folder.resolve("checkpoints").resolve(newest).resolve("README.md"))
        .content()
        .contains(
            "| licence | of the corpus: " + (licence == null ? "not stated" : licence) + " |");
    return licence;
  }

  @Test
  void isKeptUntilAnotherOneIsNamed() throws IOException {
    assertThat(train("--corpus-licence=CC0-1.0")).as(console.errors()).isZero();
    assertThat(newestLicence()).isEqualTo("CC0-1.0");
    assertThat(train("--resume", "--steps=60")).as(console.errors()).isZero();
    assertThat(newestLicence()).isEqualTo("CC0-1.0");

    assertThat(publish("--dtype=float16")).as(console.errors()).isZero();
    assertThat(newestLicence()).isEqualTo("CC0-1.0");
    assertThat(publish("--measure", "--corpus=" + corpus)).as(console.errors()).isZero();
    assertThat(newestLicence()).isEqualTo("CC0-1.0");
    assertThat(publish("--corpus-licence=public domain")).as(console.errors()).isZero();
    assertThat(newestLicence()).isEqualTo("public domain");
  }

  @Test
  void isNotStatedUnlessTheUserNamesIt() throws IOException {
    assertThat(train()).as(console.errors()).isZero();
    assertThat(newestLicence()).isNull();
  }

  @Test
  void needsACorpusAndAName() throws IOException {
    assertThat(train("--corpus-licence= ")).isEqualTo(2);
    assertThat(console.errors()).contains("--corpus-licence is blank; it must name a licence");

    assertThat(train()).as(console.errors()).isZero();
    CheckpointStore store = store();
    String source = folder.resolve("checkpoints").resolve(store.current().orElseThrow()).toString();
    assertThat(publish(source, "--corpus-licence=CC0-1.0")).isEqualTo(2);
    assertThat(console.errors())
        .contains(
            "--corpus-licence is CC0-1.0, but "
                + source
                + " does not name its corpus; add --measure --corpus TEXT");
    assertThat(publish(source, "--corpus-licence=CC0-1.0", "--measure", "--corpus=" + corpus))
        .as(console.errors())
        .isZero();
    assertThat(newestLicence()).isEqualTo("CC0-1.0");
  }
}
