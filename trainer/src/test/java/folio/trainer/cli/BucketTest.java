package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.CheckpointStore;
import folio.model.run.RunStore;
import folio.model.storage.RunStorage.StoredRun;
import folio.model.testing.S3Server;
import folio.trainer.run.SmallRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line, in processes of its own, with checkpoints in a bucket of an S3 server. */
@Tag("slow")
class BucketTest {
  private static final String ADDRESS = "s3://" + S3Server.BUCKET + "/models";

  @TempDir Path folder;
  private S3Server server;

  @BeforeEach
  void start() throws IOException {
    server = S3Server.start();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private String run(int exit, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--checkpoints=" + ADDRESS);
    return run(exit, all);
  }

  private String run(int exit, List<String> arguments) throws Exception {
    ProcessBuilder builder = TrainerProcess.of(arguments);
    builder.environment().putAll(server.environment(folder.resolve("cache")));
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isEqualTo(exit);
    return output;
  }

  @Test
  void trainsListsVerifiesPromotesAndDeletes() throws Exception {
    Path corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, "the quick brown fox jumps over the lazy dog.\n".repeat(120));
    List<String> train =
        new ArrayList<>(SmallRun.arguments(corpus, ADDRESS, folder.resolve("run")));
    train.add("--live");
    run(0, train);
    CheckpointStore store =
        CheckpointStore.at(ADDRESS, server.environment(folder.resolve("cache")));
    List<String> versions = store.versions();
    assertThat(versions).hasSize(2);
    RunStore runs = RunStore.at(ADDRESS, server.environment(folder.resolve("cache")));
    assertThat(runs.newest(5))
        .extracting(StoredRun::name)
        .containsExactly(store.manifest(versions.get(0)).run());

    assertThat(run(0, "checkpoints", "list")).contains(versions);
    run(0, "checkpoints", "promote", versions.get(1));
    assertThat(run(0, "checkpoints", "verify", "--device=cpu")).contains(versions.get(1));
    run(0, "checkpoints", "promote", versions.get(0));
    assertThat(store.current()).contains(versions.get(0));
    run(0, "checkpoints", "delete", versions.get(1));
    assertThat(store.versions()).containsExactly(versions.get(0));
    assertThat(run(0, "sample", "--device=cpu", "--prompt=the", "--max-tokens=5")).contains("the");

    server.close();
    assertThat(run(1, "checkpoints", "list")).contains("folio: " + ADDRESS, "cannot be read");
  }
}
