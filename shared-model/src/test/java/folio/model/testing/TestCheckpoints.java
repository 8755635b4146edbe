package folio.model.testing;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import folio.model.checkpoint.CheckpointDraft;
import folio.model.checkpoint.CheckpointDraft.Origin;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.storage.PublishStep;
import folio.model.storage.Sha256;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** A factory of real checkpoints with small random networks. */
public final class TestCheckpoints {
  /** The vocabulary of letters, punctuation, a space and a line break. */
  public static final Vocabulary LETTERS =
      Vocabulary.of("\n abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:.,;!?");

  private TestCheckpoints() {}

  /** Returns a residual architecture of two layers of 16 over a vocabulary. */
  public static CharGruConfig small(Vocabulary vocabulary) {
    return CharGruConfig.residual(vocabulary.size(), 8, 16, 2);
  }

  /** Publishes a random network over {@link #LETTERS} and leaves {@code CURRENT} unchanged. */
  public static String publish(CheckpointStore store, long seed) {
    return publish(store, LETTERS, small(LETTERS), seed);
  }

  /** Publishes a random network and leaves {@code CURRENT} unchanged. */
  public static String publish(
      CheckpointStore store, Vocabulary vocabulary, CharGruConfig config, long seed) {
    return publish(store, vocabulary, config, seed, null);
  }

  /** Publishes a random network of documents and leaves {@code CURRENT} unchanged. */
  public static String publish(
      CheckpointStore store,
      Vocabulary vocabulary,
      CharGruConfig config,
      long seed,
      String documentSeparator) {
    try (CheckpointWriter writer = store.write()) {
      return publish(writer, vocabulary, config, seed, origin(seed, documentSeparator));
    }
  }

  /** Publishes a random network over {@link #LETTERS} and promotes it. */
  public static String publishCurrent(CheckpointStore store, long seed) {
    return publishCurrent(store, seed, step -> {});
  }

  /** Publishes and promotes a random network, and reports each step to an observer. */
  public static String publishCurrent(
      CheckpointStore store, long seed, Consumer<PublishStep> observer) {
    try (CheckpointWriter writer = store.write(observer)) {
      String version = publish(writer, LETTERS, small(LETTERS), seed, origin(seed, null));
      writer.promote(version);
      return version;
    }
  }

  /** Publishes a small random network of a run, and leaves {@code CURRENT} unchanged. */
  public static String publishMeasured(
      CheckpointStore store, Vocabulary vocabulary, long seed, double nats, long step) {
    CheckpointManifest.Losses losses =
        new CheckpointManifest.Losses(nats, Map.of("windows-256", nats));
    CheckpointManifest.Corpus corpus = new CheckpointManifest.Corpus("prose", "0".repeat(64), 1000);
    Origin origin = new Origin(null, "run", step, corpus, losses, Map.of(), null);
    try (CheckpointWriter writer = store.write()) {
      return publish(writer, vocabulary, small(vocabulary), seed, origin);
    }
  }

  private static String publish(
      CheckpointWriter writer,
      Vocabulary vocabulary,
      CharGruConfig config,
      long seed,
      Origin origin) {
    try (NDManager manager = NDManager.newBaseManager();
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(seed))) {
      return writer.publish(
          new CheckpointDraft(
              network,
              vocabulary,
              Precision.FLOAT32,
              String.join("", vocabulary.characters()),
              origin));
    }
  }

  /** Rewrites the digests of a version's manifest to match its changed files. */
  public static void sign(Path version) throws IOException {
    JsonMapper json = new JsonMapper();
    Path path = version.resolve("manifest.json");
    ObjectNode manifest = (ObjectNode) json.readTree(path.toFile());
    ObjectNode files = (ObjectNode) manifest.get("files");
    for (String name : new String[] {"config.json", "vocabulary.json", "model.safetensors"}) {
      byte[] bytes = Files.readAllBytes(version.resolve(name));
      files.putObject(name).put("size_bytes", bytes.length).put("sha256", Sha256.hex(bytes));
    }
    Files.write(path, json.writeValueAsBytes(manifest));
  }

  private static Origin origin(long seed, String documentSeparator) {
    return new Origin(
        null,
        "test",
        seed,
        new CheckpointManifest.Corpus("test", "0".repeat(64), 1000),
        new CheckpointManifest.Losses(2.0, Map.of("windows-256", 2.5)),
        Map.of("seed", String.valueOf(seed)),
        documentSeparator);
  }
}
