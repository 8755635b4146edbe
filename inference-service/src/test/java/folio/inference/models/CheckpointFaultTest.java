package folio.inference.models;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults of a checkpoint that {@code CURRENT} names, made in real files. */
class CheckpointFaultTest {
  @TempDir Path folder;
  private final ResidentModels models = new ResidentModels();
  private final List<String> rejected = new ArrayList<>();
  private ResidentModel serving;
  private CheckpointStore store;
  private CheckpointWatcher watcher;

  private interface Damage {
    void to(Path version) throws IOException;
  }

  private static Arguments fault(String name, String words, Damage damage) {
    return Arguments.of(Named.of(name, damage), words);
  }

  static List<Arguments> faults() {
    return List.of(
        fault(
            "truncated",
            "model.safetensors has",
            version -> {
              try (RandomAccessFile file =
                  new RandomAccessFile(version.resolve("model.safetensors").toFile(), "rw")) {
                file.setLength(file.length() / 2);
              }
            }),
        fault("altered", "model.safetensors was altered", version -> endWith(version, (byte) 1)),
        fault(
            "not a number",
            "holds a value that is not finite",
            version -> {
              endWith(version, (byte) 0x00, (byte) 0x00, (byte) 0xC0, (byte) 0x7F);
              TestCheckpoints.sign(version);
            }),
        fault(
            "of another shape",
            "has shape",
            version -> {
              Path config = version.resolve("config.json");
              Files.writeString(config, Files.readString(config).replaceFirst("16", "12"));
              TestCheckpoints.sign(version);
            }),
        fault(
            "without a vocabulary",
            "vocabulary.json",
            version -> Files.delete(version.resolve("vocabulary.json"))),
        fault(
            "unreadable",
            "model.safetensors",
            version -> {
              // A file without permissions is readable for root; a directory is not.
              Files.delete(version.resolve("model.safetensors"));
              Files.createDirectory(version.resolve("model.safetensors"));
            }),
        fault(
            "gone",
            "there is no checkpoint",
            version -> Files.move(version, version.resolveSibling("elsewhere"))));
  }

  private static void endWith(Path version, byte... bytes) throws IOException {
    try (RandomAccessFile file =
        new RandomAccessFile(version.resolve("model.safetensors").toFile(), "rw")) {
      file.seek(file.length() - bytes.length);
      file.write(bytes);
    }
  }

  @BeforeEach
  void serve() {
    models.connect(1, new ModelListener() {}, () -> {});
    store = new CheckpointStore(folder);
    watcher =
        new CheckpointWatcher(
            store,
            new ModelLoader(Device.cpu())::load,
            models,
            new LoadListener() {
              @Override
              public void rejected(String version, String message) {
                rejected.add(version + ": " + message);
              }
            });
    TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    serveOffered();
  }

  @AfterEach
  void close() {
    models.close();
  }

  /** Makes the offered model current, and leaves the one before it. */
  private void serveOffered() {
    ResidentModel next = models.acquireForWarmUp(0);
    models.warmed(next, 0, false);
    if (serving != null) {
      models.release(serving, 0);
    }
    serving = next;
  }

  @ParameterizedTest
  @MethodSource("faults")
  void isRejectedWhileTheFormerModelKeepsServing(Damage damage, String words) throws IOException {
    String old = serving.model().version();
    String bad = TestCheckpoints.publishCurrent(store, 2);
    damage.to(folder.resolve(bad));
    watcher.poll();

    assertThat(rejected).hasSize(1);
    assertThat(rejected.get(0)).startsWith(bad + ": ").contains(words);
    assertThat(models.residents())
        .extracting(ResidentModels.Resident::version)
        .containsExactly(old);
    String good = TestCheckpoints.publishCurrent(store, 3);
    watcher.poll();
    serveOffered();
    assertThat(serving.model().version()).isEqualTo(good);
  }

  @Test
  void aVersionThatVanishesWhileItIsReadIsLoadedWholeOrRejected() throws Exception {
    int whole = 0;
    for (int round = 0; round < 60; round++) {
      String version = TestCheckpoints.publishCurrent(store, round + 10L);
      CountDownLatch started = new CountDownLatch(1);
      int delay = round * 5000;
      Thread thief =
          new Thread(
              () -> {
                started.countDown();
                for (int i = 0; i < delay; i++) {
                  Thread.onSpinWait();
                }
                delete(folder.resolve(version));
              });
      thief.start();
      started.await();
      watcher.poll();
      thief.join();
      boolean loaded = models.residents().size() == 2;
      if (loaded) {
        serveOffered();
        assertThat(serving.model().version()).isEqualTo(version);
        whole++;
      } else {
        assertThat(rejected.get(rejected.size() - 1)).startsWith(version);
      }
    }

    assertThat(whole + rejected.size()).isEqualTo(60);
  }

  private static void delete(Path version) {
    try {
      for (String name :
          new String[] {"model.safetensors", "config.json", "vocabulary.json", "manifest.json"}) {
        Files.delete(version.resolve(name));
      }
      Files.delete(version);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
