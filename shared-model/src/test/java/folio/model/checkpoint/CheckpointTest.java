package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.network.CharGru;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that every kind of damaged checkpoint is rejected with a message that names the file and
 * the problem.
 */
class CheckpointTest {
  private static final JsonMapper JSON = new JsonMapper();

  /** A size that a byte array, but not the heap of a test, can have. */
  private static final long HUGE = 2_000_000_000L;

  @TempDir Path root;
  private final NDManager manager = NDManager.newBaseManager();
  private CheckpointStore store;
  private String version;

  @BeforeEach
  void publish() {
    store = new CheckpointStore(root);
    version = TestCheckpoints.publish(store, 1);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private Path file(String name) {
    return root.resolve(version).resolve(name);
  }

  private void assertRejected(String... words) {
    assertThatThrownBy(() -> store.open(version).load(manager).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith("checkpoint " + version + ": ")
        .hasMessageContainingAll(words);
  }

  private void replaceIn(String name, String old, String other) throws IOException {
    String text = Files.readString(file(name));
    assertThat(text).contains(old);
    Files.writeString(file(name), text.replace(old, other));
    if (!name.equals("manifest.json")) {
      TestCheckpoints.sign(root.resolve(version));
    }
  }

  /** Rewrites the weights file after a change of its tensors. */
  private void rewrite(Consumer<NDList> change) throws IOException {
    NDList tensors = Safetensors.read(manager, Files.readAllBytes(file("model.safetensors")));
    change.accept(tensors);
    Files.write(file("model.safetensors"), Safetensors.write(tensors, Map.of()));
    TestCheckpoints.sign(root.resolve(version));
  }

  @Test
  void loadsAPublishedCheckpoint() {
    Checkpoint checkpoint = store.open(version);
    CharGru loaded = checkpoint.load(manager);
    CharGru original = CharGru.initialize(manager, checkpoint.config(), new SplittableRandom(1));

    assertThat(checkpoint.vocabulary()).isEqualTo(TestCheckpoints.LETTERS);
    assertThat(checkpoint.manifest().step()).isEqualTo(1);
    assertThat(loaded.parameters().get(1).values().toFloatArray())
        .isEqualTo(original.parameters().get(1).values().toFloatArray());
    checkpoint.manifest().canary().check(manager, loaded, checkpoint.vocabulary());
  }

  @Test
  void float16TakesHalfTheSpaceAndLoadsAsFloat32() {
    Checkpoint full = store.open(version);
    String half;
    try (CheckpointWriter writer = store.write();
        CharGru network = full.load(manager)) {
      half =
          writer.publish(
              new CheckpointDraft(
                  network,
                  full.vocabulary(),
                  Precision.FLOAT16,
                  full.manifest().canary().text(),
                  new CheckpointDraft.Origin(version, null, 0, null, null, Map.of(), null)));
    }
    Checkpoint halved = store.open(half);
    CharGru network = halved.load(manager);
    long values = full.config().parameterCount();

    assertThat(halved.manifest().files().get("model.safetensors").sizeBytes())
        .isBetween(2 * values, 2 * values + 2000);
    assertThat(network.parameters().get(1).values().getDataType()).isEqualTo(DataType.FLOAT32);
    halved.manifest().canary().check(manager, network, halved.vocabulary());
    assertThat(halved.manifest().canary().lossNats())
        .isNotEqualTo(full.manifest().canary().lossNats());
  }

  @Test
  void rejectsATruncatedFile() throws IOException {
    byte[] bytes = Files.readAllBytes(file("model.safetensors"));
    Files.write(file("model.safetensors"), Arrays.copyOf(bytes, bytes.length - 100));

    assertRejected("model.safetensors has " + (bytes.length - 100) + " bytes", "" + bytes.length);
  }

  /** The file is sparse: only its length is large. */
  @Test
  void rejectsAFileThatIsLargerThanTheManifestSaysWithoutReadingIt() throws IOException {
    setLength("model.safetensors", HUGE);

    assertRejected("model.safetensors has " + HUGE + " bytes instead of the ");
  }

  @Test
  void rejectsWeightsThatDoNotFitIntoTheHeapWithoutReadingThem() throws IOException {
    long size = Runtime.getRuntime().maxMemory() / 2 + 1;
    setLength("model.safetensors", size);
    ObjectNode manifest = (ObjectNode) JSON.readTree(file("manifest.json").toFile());
    ((ObjectNode) manifest.get("files").get("model.safetensors")).put("size_bytes", size);
    Files.write(file("manifest.json"), JSON.writeValueAsBytes(manifest));

    assertRejected(
        "model.safetensors has " + size + " bytes; it must have at most", "half of the Java");
  }

  private void setLength(String name, long bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(file(name).toFile(), "rw")) {
      file.setLength(bytes);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"manifest.json", "config.json", "vocabulary.json", "model.safetensors"})
  @Timeout(20)
  void rejectsAPipeInThePlaceOfAFile(String name) throws Exception {
    Files.delete(file(name));
    assumeThat(new ProcessBuilder("mkfifo", file(name).toString()).start().waitFor()).isZero();

    assertRejected(name + " cannot be read", "is not a regular file");
  }

  @Test
  void rejectsACanaryThatIsTooLong() throws IOException {
    ObjectNode manifest = (ObjectNode) JSON.readTree(file("manifest.json").toFile());
    ((ObjectNode) manifest.get("canary")).put("text", "a".repeat(257));
    Files.write(file("manifest.json"), JSON.writeValueAsBytes(manifest));

    assertRejected("the text of canary has 257 characters; it must have at most 256");
  }

  @Test
  void rejectsACurrentThatIsTooLargeWithoutReadingIt() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(root.resolve("CURRENT").toFile(), "rw")) {
      file.setLength(HUGE);
    }
    assertThatThrownBy(store::current)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("CURRENT has " + HUGE + " bytes; it must have at most 100");
  }

  @Test
  void escapesWhatCurrentHolds() throws IOException {
    Files.writeString(root.resolve("CURRENT"), "a\nb ERROR forged\u001b[31m");

    assertThatThrownBy(store::current)
        .isInstanceOf(CheckpointException.class)
        .hasMessageEndingWith("does not name a version: 'a\\u000ab ERROR forged\\u001b[31m'");
  }

  @Test
  void rejectsOneAlteredByte() throws IOException {
    for (String name : new String[] {"model.safetensors", "config.json", "vocabulary.json"}) {
      byte[] bytes = Files.readAllBytes(file(name));
      bytes[bytes.length / 2] ^= 1;
      Files.write(file(name), bytes);
      assertRejected(name + " was altered");
      bytes[bytes.length / 2] ^= 1;
      Files.write(file(name), bytes);
    }
    store.open(version).load(manager).close();
  }

  @Test
  void rejectsAManifestThatNamesAnotherVersion() throws IOException {
    String other = "20260101T000000Z-00000000";
    replaceIn("manifest.json", version, other);

    assertRejected("manifest.json: version is " + other + "; it must be the name of its folder");
    assertThatThrownBy(() -> store.manifest(version))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("version is " + other);
  }

  @Test
  void rejectsAManifestThatNamesNoVersion() throws IOException {
    replaceIn("manifest.json", "\"version\"", "\"name\"");

    assertRejected("manifest.json: version is null; it must be the name of its folder");
    assertThatThrownBy(() -> store.manifest(version))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("version is null");
  }

  @Test
  void rejectsAMissingFile() throws IOException {
    Files.delete(file("vocabulary.json"));

    assertRejected("vocabulary.json cannot be read");
  }

  @Test
  void rejectsAMissingTensor() throws IOException {
    rewrite(tensors -> tensors.remove("linear.bias"));

    assertRejected("model.safetensors: tensor linear.bias is missing");
  }

  @Test
  void rejectsAnUnexpectedTensor() throws IOException {
    rewrite(
        tensors -> {
          NDArray extra = manager.zeros(new Shape(3));
          extra.setName("projection.weight");
          tensors.add(extra);
        });

    assertRejected("does not have", "projection.weight");
  }

  @Test
  void rejectsAWrongShape() throws IOException {
    rewrite(
        tensors -> {
          NDArray old = tensors.remove("grus.0.bias_ih_l0");
          NDArray longer = manager.zeros(new Shape(old.size() + 3));
          longer.setName("grus.0.bias_ih_l0");
          tensors.add(longer);
        });

    assertRejected("tensor grus.0.bias_ih_l0 has shape (51) instead of (48)");
  }

  @Test
  void rejectsAWrongType() throws IOException {
    rewrite(
        tensors -> {
          NDArray old = tensors.remove("linear.bias");
          NDArray integers = manager.zeros(old.getShape(), DataType.INT64);
          integers.setName("linear.bias");
          tensors.add(integers);
        });

    assertRejected("tensor linear.bias is int64", "float32, float16 or bfloat16");
  }

  @Test
  void rejectsAnUnknownTypeInTheHeader() throws IOException {
    byte[] bytes = Files.readAllBytes(file("model.safetensors"));
    String header = new String(bytes, StandardCharsets.ISO_8859_1).replaceFirst("F32", "X32");
    Files.write(file("model.safetensors"), header.getBytes(StandardCharsets.ISO_8859_1));
    TestCheckpoints.sign(root.resolve(version));

    assertRejected("tensor embedding.weight: dtype is X32");
  }

  @Test
  void rejectsValuesThatAreNotFinite() throws IOException {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      rewrite(
          tensors -> {
            NDArray tensor = tensors.get("grus.1.weight_hh_l0");
            tensor.set(new NDIndex("3, 4"), bad);
          });
      assertRejected("tensor grus.1.weight_hh_l0 holds a value that is not finite");
    }
  }

  @Test
  void rejectsAnUnknownFormat() throws IOException {
    replaceIn("manifest.json", "\"format\" : 1", "\"format\" : null");
    assertRejected("manifest.json: format is null");
    replaceIn("manifest.json", "\"format\" : null", "\"format\" : 1");
    replaceIn("config.json", "\"format\" : 1", "\"format\" : 2");
    assertRejected("config.json: format is 2; this release reads format 1");
    replaceIn("config.json", "\"format\" : 2", "\"format\" : 1");
    replaceIn("vocabulary.json", "\"format\" : 1", "\"format\" : 7");
    assertRejected("vocabulary.json: format is 7");
  }

  @Test
  void rejectsAVocabularyOfAnotherSize() throws IOException {
    replaceIn("vocabulary.json", "\"a\", ", "");

    assertRejected("vocabulary.json has 59 entries, but vocabulary_size in config.json is 60");
  }

  @Test
  void rejectsAnIllegalArchitecture() throws IOException {
    replaceIn("config.json", "\"residual\"", "\"transformer\"");
    assertRejected("config.json: network is transformer; it must be one of plain, residual");
    replaceIn("config.json", "\"transformer\"", "\"residual\"");
    replaceIn("config.json", "\"layers\" : 2", "\"layers\" : 0");
    assertRejected("config.json: layers is 0; it must be 1 to 64");
    replaceIn("config.json", "\"layers\" : 0", "\"layers\" : 2, \"attention\" : true");
    assertRejected("config.json", "attention");
  }

  @Test
  void rejectsFilesThatAreNotSafetensors() throws IOException {
    byte[][] files = {
      new byte[0],
      new byte[7],
      "PK\u0003\u0004 this is a zip file".getBytes(StandardCharsets.UTF_8),
      {4, 0, 0, 0, 0, 0, 0, 0, '[', '1', ' ', ']'},
      {2, 0, 0, 0, 0, 0, 0, 0, '{', '!'},
      {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'},
    };
    for (byte[] bytes : files) {
      Files.write(file("model.safetensors"), bytes);
      TestCheckpoints.sign(root.resolve(version));
      assertRejected("model.safetensors: the ");
    }
  }

  @Test
  void rejectsOffsetsOutsideTheFile() throws IOException {
    byte[] bytes = Files.readAllBytes(file("model.safetensors"));
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    Files.write(
        file("model.safetensors"),
        text.replaceFirst("\\[0,1920\\]", "[0,9920]").getBytes(StandardCharsets.ISO_8859_1));
    TestCheckpoints.sign(root.resolve(version));

    assertRejected("tensor embedding.weight: shape [60,8]", "does not match the 9920 bytes");
  }

  @Test
  void rejectsAManifestWithoutAFileEntry() throws IOException {
    JsonNode manifest = JSON.readTree(file("manifest.json").toFile());
    ((ObjectNode) manifest.get("files")).remove("config.json");
    Files.write(file("manifest.json"), JSON.writeValueAsBytes(manifest));

    assertRejected("manifest.json: files has no entry for config.json");
  }

  @Test
  void theCanaryDetectsOtherWeights() throws IOException {
    rewrite(tensors -> tensors.get("linear.weight").muli(3));
    Checkpoint altered = store.open(version);
    CharGru network = altered.load(manager);

    assertThatThrownBy(
            () -> altered.manifest().canary().check(manager, network, altered.vocabulary()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll("canary", "nats");
  }

  @Test
  void theEmbeddedCheckpointIsIntact() {
    Checkpoint embedded = Checkpoint.embedded();
    try (CharGru network = embedded.load(manager)) {
      embedded.manifest().canary().check(manager, network, embedded.vocabulary());
    }
    assertThat(embedded.version()).isEqualTo("embedded");
    assertThat(embedded.manifest().losses().validation().get("windows-256")).isLessThan(1.9);
  }
}
