package folio.trainer.cli;

import folio.model.checkpoint.CheckpointStore;
import folio.trainer.run.SmallRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The base of tests of small runs: a folder with a corpus, a store, and a run that uses them. */
abstract class SmallRunTest {
  final TrainerConsole console = new TrainerConsole();

  @TempDir Path folder;
  Path corpus;

  @BeforeEach
  void writeCorpus() throws IOException {
    corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, "the quick brown fox jumps over the lazy dog.\n".repeat(120));
  }

  @AfterEach
  void restore() {
    console.close();
  }

  /** Trains for 40 steps on the corpus, unless other options say otherwise. */
  final int train(String... more) {
    List<String> words =
        SmallRun.arguments(corpus, folder.resolve("checkpoints").toString(), folder.resolve("run"));
    if (List.of(more).toString().contains("--corpus=")) {
      words.remove("--corpus=" + corpus); // several are joined
    }
    words.addAll(List.of(more));
    return console.run(words);
  }

  /** Runs a command with the store. */
  final int withStore(String... words) {
    List<String> args = new ArrayList<>(List.of(words));
    args.add("--checkpoints=" + folder.resolve("checkpoints"));
    return console.run(args);
  }

  final CheckpointStore store() {
    return new CheckpointStore(folder.resolve("checkpoints"));
  }
}
