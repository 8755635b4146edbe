package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.HostCopy;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests folders whose weights PyTorch saved in other forms than Folio does. */
class ExternalCheckpointTest {
  @TempDir Path root;
  private final NDManager manager = NDManager.newBaseManager();
  private Path folder;
  private NDList tensors;

  @BeforeEach
  void publish() throws IOException {
    folder = root.resolve(TestCheckpoints.publish(new CheckpointStore(root), 1));
    tensors = Safetensors.read(manager, Files.readAllBytes(folder.resolve("model.safetensors")));
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private float[] logits() {
    NDArray ids = manager.create(new long[] {3, 1, 4, 1, 5, 9}, new Shape(2, 3));
    try (CharGru network = Checkpoint.readExternal(folder).load(manager)) {
      return HostCopy.floats(network.forward(ids, network.zeroState(manager, 2)).logits());
    }
  }

  private void save(UnaryOperator<String> rename) throws IOException {
    tensors.forEach(tensor -> tensor.setName(rename.apply(tensor.getName())));
    Files.write(folder.resolve("model.safetensors"), Safetensors.write(tensors, Map.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "^, module.", // DistributedDataParallel
    "^, _orig_mod.", // torch.compile
    "^, module._orig_mod.",
    "^, _orig_mod.module.",
    "^grus\\.(\\d)\\., grus.$1._orig_mod.", // one compiled layer
  })
  void namesOfWrappersAreDropped(String place, String names) throws IOException {
    float[] expected = logits();

    save(name -> name.replaceFirst(place, names));

    assertThat(logits()).containsExactly(expected);
  }

  @Test
  void bfloat16IsRead() throws IOException {
    float[] unrounded = logits();
    NDList rounded = new NDList();
    NDList upperHalves = new NDList();
    for (NDArray tensor : tensors) {
      float[] values = HostCopy.floats(tensor);
      ByteBuffer halves =
          ByteBuffer.allocateDirect(values.length * Short.BYTES).order(ByteOrder.nativeOrder());
      for (int i = 0; i < values.length; i++) {
        int bits = Float.floatToIntBits(values[i]);
        halves.putShort((short) (bits >>> Short.SIZE));
        values[i] = Float.intBitsToFloat(bits & 0xffff0000);
      }
      rounded.add(manager.create(values, tensor.getShape()));
      // The writer has no bfloat16, so the halves go through it as float16.
      upperHalves.add(manager.create(halves.flip(), tensor.getShape(), DataType.FLOAT16));
      rounded.get(rounded.size() - 1).setName(tensor.getName());
      upperHalves.get(rounded.size() - 1).setName(tensor.getName());
    }
    tensors = rounded;
    save(name -> name);
    float[] expected = logits();

    Files.write(
        folder.resolve("model.safetensors"), asBfloat16(Safetensors.write(upperHalves, Map.of())));

    assertThat(logits()).containsExactly(expected).isNotEqualTo(unrounded);
  }

  /** Returns a file of float16 with another type in its header. */
  private static byte[] asBfloat16(byte[] file) {
    int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    byte[] header =
        new String(file, Long.BYTES, length, StandardCharsets.UTF_8)
            .replace("\"F16\"", "\"BF16\"")
            .getBytes(StandardCharsets.UTF_8);
    byte[] values = Arrays.copyOfRange(file, Long.BYTES + length, file.length);
    return ByteBuffer.allocate(Long.BYTES + header.length + values.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(values)
        .array();
  }

  @Test
  void twoTensorsOfOneNameAreRejected() throws IOException {
    NDArray again = tensors.get("linear.bias").duplicate();
    again.setName("module.linear.bias");
    tensors.add(again);
    save(name -> name);

    assertThatThrownBy(this::logits)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model.safetensors: there are two tensors linear.bias");
  }
}
