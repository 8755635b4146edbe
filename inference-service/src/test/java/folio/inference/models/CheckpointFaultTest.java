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

/** What can be wrong with a checkpoint that CURRENT names, done to real files. */
class CheckpointFaultTest {
  @TempDir Path folder;
  private final ModelHandover handover = new ModelHandover();
  private final List<String> refused = new ArrayList<>();
  private LoadedModel serving;
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
              // Also root, who reads what nobody may, cannot read a folder.
              Files.delete(version.resolve("model.safetensors"));
              Files.createDirectory(version.resolve("model.safetensors"));
            }),
        fault("gone", "", version -> Files.move(version, version.resolveSibling("elsewhere"))));
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
    store = new CheckpointStore(folder);
    watcher =
        new CheckpointWatcher(
            store,
            new ModelLoader(Device.cpu())::load,
            handover,
            new LoadListener() {
              @Override
              public void rejected(String version, String message) {
                refused.add(version + ": " + message);
              }
            });
    TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    take();
  }

  @AfterEach
  void close() {
    serving.close();
  }

  /** What the decode thread does: the new model becomes current, the old one goes. */
  private void take() {
    LoadedModel next = handover.poll();
    if (serving != null) {
      handover.closed(serving);
      serving.close();
    }
    serving = next;
    handover.activated(next);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void isRefusedWhileTheOldOneServesOn(Damage damage, String words) throws IOException {
    String old = serving.version();
    String bad = TestCheckpoints.publishCurrent(store, 2);
    damage.to(folder.resolve(bad));
    watcher.poll();

    assertThat(refused).hasSize(1);
    assertThat(refused.get(0)).startsWith(bad + ": ").contains(words);
    assertThat(handover.residents())
        .extracting(ModelHandover.Resident::version)
        .containsExactly(old);
    String good = TestCheckpoints.publishCurrent(store, 3);
    watcher.poll();
    take();
    assertThat(serving.version()).isEqualTo(good);
  }

  @Test
  void oneThatVanishesWhileItIsReadIsLoadedWholeOrRefused() throws Exception {
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
      boolean loaded = handover.residents().size() == 2;
      if (loaded) {
        take();
        assertThat(serving.version()).isEqualTo(version);
        whole++;
      } else {
        assertThat(refused.get(refused.size() - 1)).startsWith(version);
      }
    }

    assertThat(whole + refused.size()).isEqualTo(60);
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
