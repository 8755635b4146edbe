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
import folio.model.storage.FileTooLargeException;
import folio.model.storage.Sha256;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A verified checkpoint: its description and the bytes of its weights. Its files were read once,
 * match their digests and fit each other. It holds the bytes of the weights, so later changes to
 * the files do not affect {@link #load}. Immutable; safe for use by any thread.
 */
public final class Checkpoint {
  /** The version of the checkpoint that is part of this release. */
  public static final String EMBEDDED = "embedded";

  private final CheckpointDescription description;
  private final byte[] weights;

  private Checkpoint(CheckpointDescription description, byte[] weights) {
    this.description = description;
    this.weights = weights;
  }

  /**
   * Reads and verifies a checkpoint.
   *
   * @param version the name of the checkpoint; error messages begin with it
   * @throws CheckpointException if a file is missing or unreadable, if its size or digest differs
   *     from the manifest, if its format is unknown, or if the files do not fit each other
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
   * {@code model.safetensors}. A manifest in the directory is ignored.
   *
   * @return a checkpoint without a manifest, ready to be published
   * @throws CheckpointException if a file is missing or unreadable, if its format is unknown, or if
   *     the files do not fit each other
   */
  public static Checkpoint readExternal(Path directory) {
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

  /** Returns the checkpoint that is part of this release; its version is {@link #EMBEDDED}. */
  public static Checkpoint embedded() {
    return read(EMBEDDED, CheckpointFiles.onClassPath(EMBEDDED));
  }

  private static Checkpoint assemble(
      String version,
      CheckpointManifest manifest,
      byte[] config,
      byte[] vocabulary,
      byte[] weights) {
    CheckpointDescription description =
        new CheckpointDescription(
            version,
            CheckpointJson.readConfig(config),
            CheckpointJson.readVocabulary(vocabulary),
            manifest);
    if (description.vocabulary().size() != description.config().vocabularySize()) {
      throw new CheckpointException(
          "vocabulary.json has "
              + description.vocabulary().size()
              + " entries, but vocabulary_size in config.json is "
              + description.config().vocabularySize());
    }
    return new Checkpoint(description, weights);
  }

  private static CheckpointException named(String version, CheckpointException e) {
    return new CheckpointException("checkpoint " + version + ": " + e.getMessage(), e);
  }

  private static byte[] readFile(CheckpointFiles files, String name, FileEntry expected) {
    try {
      return files.read(name, expected);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  /** Compares the sizes before it reads. */
  private static byte[] readExpected(CheckpointFiles files, String name, FileEntry expected) {
    long max = CheckpointFiles.maxBytes(name);
    if (expected.sizeBytes() > max) {
      throw new CheckpointException(
          name
              + " has "
              + expected.sizeBytes()
              + " bytes; it must have at most "
              + max
              + (name.equals(CheckpointFiles.WEIGHTS) ? ", half of the Java heap (-Xmx)" : ""));
    }
    try {
      return files.read(name, expected);
    } catch (FileTooLargeException e) {
      throw wrongSize(name, e.sizeBytes(), expected);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  private static CheckpointException wrongSize(String name, long sizeBytes, FileEntry expected) {
    return new CheckpointException(
        name
            + " has "
            + sizeBytes
            + " bytes instead of the "
            + expected.sizeBytes()
            + " in manifest.json");
  }

  private static CheckpointException unreadable(String name, IOException e) {
    return new CheckpointException(name + " cannot be read: " + e, e);
  }

  private static byte[] verified(CheckpointFiles files, CheckpointManifest manifest, String name) {
    FileEntry expected = manifest.files().get(name);
    if (expected == null) {
      throw new CheckpointException("manifest.json: files has no entry for " + name);
    }
    byte[] bytes = readExpected(files, name, expected);
    if (bytes.length != expected.sizeBytes()) {
      throw wrongSize(name, bytes.length, expected);
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

  /** Returns the metadata, which does not hold on to the weights. */
  public CheckpointDescription description() {
    return description;
  }

  /** Returns the name of the checkpoint. */
  public String version() {
    return description.version();
  }

  /** Returns the content of the manifest; null only for {@link #readExternal}. */
  public CheckpointManifest manifest() {
    return description.manifest();
  }

  /** Returns the architecture. */
  public CharGruConfig config() {
    return description.config();
  }

  /** Returns the characters. */
  public Vocabulary vocabulary() {
    return description.vocabulary();
  }

  /**
   * Creates the network. This method does not check the canary.
   *
   * @param parent the parent of the network's manager, on the network's device; the caller closes
   *     the network or the parent
   * @throws CheckpointException if a tensor is missing or unexpected, if its shape or dtype is
   *     wrong, or if it holds a value that is not finite; the message names the tensor
   */
  public CharGru load(NDManager parent) {
    try (NDManager scratch = NDManager.newBaseManager(Device.cpu())) {
      NDList tensors = Safetensors.read(scratch, weights);
      Map<String, Shape> expected = config().tensorShapes();
      Set<String> unexpected = new TreeSet<>();
      Set<String> names = new HashSet<>();
      for (NDArray tensor : tensors) {
        tensor.setName(withoutWrappers(tensor.getName()));
        if (!names.add(tensor.getName())) {
          throw new CheckpointException("there are two tensors " + tensor.getName());
        }
        checkTensor(tensor, expected, unexpected);
      }
      if (!unexpected.isEmpty()) {
        throw new CheckpointException(
            "config.json describes a network that does not have these tensors: " + unexpected);
      }
      return new CharGru(parent, config(), tensors);
    } catch (CheckpointException | IllegalArgumentException e) {
      throw named(version(), new CheckpointException("model.safetensors: " + e.getMessage(), e));
    }
  }

  /**
   * Returns the name of a tensor without the parts that PyTorch's wrappers add to it: {@code
   * module} by DataParallel and DistributedDataParallel, {@code _orig_mod} by torch.compile.
   */
  private static String withoutWrappers(String name) {
    return name.replaceAll("(?<![^.])(module|_orig_mod)\\.", "");
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
          "tensor "
              + name
              + " is "
              + tensor.getDataType()
              + "; it must be float32, float16 or bfloat16");
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
