package folio.model.checkpoint;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.storage.Sha256;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A checkpoint whose files were read whole, once, and agree with their digests and each other. It
 * holds the bytes of its tensors, so nothing that happens to the files later changes what {@link
 * #load} makes. Immutable; safe for use by any thread.
 */
public final class Checkpoint {
  private final String version;
  private final CheckpointManifest manifest;
  private final CharGruConfig config;
  private final Vocabulary vocabulary;
  private final byte[] weights;

  private Checkpoint(
      String version,
      CheckpointManifest manifest,
      CharGruConfig config,
      Vocabulary vocabulary,
      byte[] weights) {
    this.version = version;
    this.manifest = manifest;
    this.config = config;
    this.vocabulary = vocabulary;
    this.weights = weights;
  }

  /**
   * Reads and verifies a checkpoint.
   *
   * @param version what the caller calls it; messages begin with it
   * @throws CheckpointException if a file is missing, unreadable, of another size or digest than
   *     the manifest says, of an unknown format, or does not fit the others
   */
  static Checkpoint read(String version, CheckpointFiles files) {
    try {
      CheckpointManifest manifest =
          CheckpointJson.readManifest(readFile(files, CheckpointFiles.MANIFEST, null));
      return assemble(
          version,
          manifest,
          verified(files, manifest, CheckpointFiles.CONFIG),
          verified(files, manifest, CheckpointFiles.VOCABULARY),
          verified(files, manifest, CheckpointFiles.WEIGHTS));
    } catch (CheckpointException e) {
      throw named(version, e);
    }
  }

  /**
   * Reads a directory that another program wrote: {@code config.json}, {@code vocabulary.json} and
   * {@code model.safetensors}, with or without a manifest, which is not read.
   *
   * @return a checkpoint without a manifest, fit to be published
   * @throws CheckpointException if a file is missing, unreadable, of an unknown format, or does not
   *     fit the others
   */
  public static Checkpoint readForeign(Path directory) {
    CheckpointFiles files = CheckpointFiles.in(directory);
    try {
      return assemble(
          directory.toString(),
          null,
          readFile(files, CheckpointFiles.CONFIG, null),
          readFile(files, CheckpointFiles.VOCABULARY, null),
          readFile(files, CheckpointFiles.WEIGHTS, null));
    } catch (CheckpointException e) {
      throw named(directory.toString(), e);
    }
  }

  /** The checkpoint that comes with this release, as version {@code embedded}. */
  public static Checkpoint embedded() {
    return read("embedded", CheckpointFiles.onClassPath("embedded"));
  }

  private static Checkpoint assemble(
      String version,
      CheckpointManifest manifest,
      byte[] config,
      byte[] vocabulary,
      byte[] weights) {
    Checkpoint checkpoint =
        new Checkpoint(
            version,
            manifest,
            CheckpointJson.readConfig(config),
            CheckpointJson.readVocabulary(vocabulary),
            weights);
    if (checkpoint.vocabulary.size() != checkpoint.config.vocabularySize()) {
      throw new CheckpointException(
          "vocabulary.json has "
              + checkpoint.vocabulary.size()
              + " characters, config.json a vocabulary_size of "
              + checkpoint.config.vocabularySize());
    }
    return checkpoint;
  }

  private static CheckpointException named(String version, CheckpointException e) {
    return new CheckpointException("checkpoint " + version + ": " + e.getMessage(), e);
  }

  private static byte[] readFile(CheckpointFiles files, String name, FileEntry expected) {
    try {
      return files.read(name, expected);
    } catch (IOException e) {
      throw new CheckpointException(name + " cannot be read: " + e, e);
    }
  }

  private static byte[] verified(CheckpointFiles files, CheckpointManifest manifest, String name) {
    FileEntry expected = manifest.files().get(name);
    if (expected == null) {
      throw new CheckpointException("manifest.json: files has no entry for " + name);
    }
    byte[] bytes = readFile(files, name, expected);
    if (bytes.length != expected.sizeBytes()) {
      throw new CheckpointException(
          name
              + " has "
              + bytes.length
              + " bytes instead of the "
              + expected.sizeBytes()
              + " in manifest.json");
    }
    String digest = Sha256.hex(bytes);
    if (!digest.equals(expected.sha256())) {
      throw new CheckpointException(
          name
              + " was altered: its SHA-256 is "
              + digest
              + " instead of the "
              + expected.sha256()
              + " in manifest.json");
    }
    return bytes;
  }

  /** What the caller calls it. */
  public String version() {
    return version;
  }

  /** What is known about it; null only for {@link #readForeign}. */
  public CheckpointManifest manifest() {
    return manifest;
  }

  /** SHA-256 of the weights' file, lower-case hex: two checkpoints of one name may differ. */
  public String weightsDigest() {
    return manifest.files().get(CheckpointFiles.WEIGHTS).sha256();
  }

  /** The architecture. */
  public CharGruConfig config() {
    return config;
  }

  /** The characters. */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** The same description without the bytes of the tensors: {@link #load} needs another one. */
  public Checkpoint withoutWeights() {
    return new Checkpoint(version, manifest, config, vocabulary, new byte[0]);
  }

  /**
   * Makes the network. The canary is not computed here.
   *
   * @param parent the network's arrays are made below it, on its device; the caller closes either
   * @throws CheckpointException if a tensor is missing, unexpected, of another shape or dtype, or
   *     holds a value that is not finite; the message names it
   */
  public CharGru load(NDManager parent) {
    try (NDManager scratch = NDManager.newBaseManager(Device.cpu())) {
      NDList tensors = Safetensors.read(scratch, weights);
      Map<String, Shape> expected = config.tensorShapes();
      Set<String> unexpected = new TreeSet<>();
      for (NDArray tensor : tensors) {
        checkTensor(tensor, expected, unexpected);
      }
      if (!unexpected.isEmpty()) {
        throw new CheckpointException("tensors that this network does not have: " + unexpected);
      }
      return new CharGru(parent, config, tensors);
    } catch (CheckpointException | IllegalArgumentException e) {
      throw named(version, new CheckpointException("model.safetensors: " + e.getMessage(), e));
    }
  }

  private static void checkTensor(
      NDArray tensor, Map<String, Shape> expected, Set<String> unexpected) {
    String name = tensor.getName();
    Shape shape = expected.get(name);
    if (shape == null) {
      unexpected.add(name);
      return;
    }
    if (!List.of(DataType.FLOAT32, DataType.FLOAT16).contains(tensor.getDataType())) {
      throw new CheckpointException(
          "tensor " + name + " is " + tensor.getDataType() + "; legal are float32 and float16");
    }
    try (NDArray values = tensor.toType(DataType.FLOAT32, true);
        NDArray magnitude = values.abs();
        NDArray finite = magnitude.lte(Float.MAX_VALUE);
        NDArray all = finite.all()) {
      if (HostCopy.bytes(all)[0] == 0) {
        throw new CheckpointException("tensor " + name + " holds a value that is not finite");
      }
    }
  }
}
