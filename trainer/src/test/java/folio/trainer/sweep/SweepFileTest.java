package folio.trainer.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The syntax of the file that lists the runs of a sweep. */
class SweepFileTest {
  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("sweep.txt"), text);
  }

  @Test
  void putsTheOptionsOfAllAndOfTheGroupBeforeARunsOwn() throws IOException {
    SweepFile sweep =
        SweepFile.read(
            file(
                """
                # the networks of the blog post
                all: --steps 10  --device cpu
                width.all: --layers 2

                width.96:  --hidden-size 96
                plain:
                """));

    assertThat(sweep.runs())
        .extracting(SweepFile.Run::name, run -> String.join(" ", run.options()))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                "width.96", "--steps 10 --device cpu --layers 2 --hidden-size 96"),
            org.assertj.core.groups.Tuple.tuple("plain", "--steps 10 --device cpu"));
    assertThat(sweep.runs()).extracting(SweepFile.Run::group).containsExactly("width", "plain");
  }

  @Test
  void aTextOrALengthReplacesAMoreGeneralOne() throws IOException {
    SweepFile sweep =
        SweepFile.read(
            file(
                """
                all: --corpus a.txt --steps=10 --layers 2
                one: --epochs 3
                two: --corpus=b.txt --corpus c.txt
                """));

    assertThat(sweep.runs().stream().map(run -> String.join(" ", run.options())))
        .containsExactly(
            "--corpus a.txt --layers 2 --epochs 3",
            "--steps=10 --layers 2 --corpus=b.txt --corpus c.txt");
    assertThat(
            SweepFile.override(sweep.runs().get(1).options(), List.of("--corpus=d", "--minutes=1")))
        .containsExactly("--layers", "2", "--corpus=d", "--minutes=1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          just words           | line 1: it must be NAME: OPTIONS OF TRAIN, not just words
          a: --steps 1;a: --x  | line 2: there is another run named a
          a: --promote always  | line 1: --promote is set by the sweep; remove it
          a: --run=x           | line 1: --run=x is set by the sweep; remove it
          # nothing            | has no run
          """)
  void namesTheLineThatIsWrong(String text, String words) throws IOException {
    Path file = file(text.replace(';', '\n'));

    assertThatThrownBy(() -> SweepFile.read(file))
        .isInstanceOf(SweepException.class)
        .hasMessageContaining(words);
  }
}
